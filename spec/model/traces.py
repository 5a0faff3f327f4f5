#!/usr/bin/env python3
"""Records the directed traces of the model and turns each into cases of the suite.

traces.py            writes traces/*.itf.json and cases/*.yaml
traces.py --check    compares with what is there instead
traces.py --random SEED COUNT FOLDER   cases for the execution half from simulated runs, into FOLDER
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import consensus_case
import execution_case
from read import plain

HERE = Path(__file__).resolve().parent
QUINT = HERE / "node_modules/.bin/quint"


def camel(name):
    head, *rest = name.split("-")
    return head + "".join(word.capitalize() for word in rest)


def record(folder):
    """Runs every directed trace; each is one file of the folder."""
    subprocess.run([QUINT, "test", "traces.qnt", "--backend=typescript", "--main=traces", "--match=Trace$",
                    "--max-samples=1", f"--out-itf={folder}/{{test}}.itf.json"],
                   cwd=HERE, check=True, stdout=subprocess.DEVNULL)


def reply_of(before, world):
    """The reply that a step delivers to a call that the consensus half has open, or none."""
    if world["did"]["what"] != "reply" or world["did"]["id"] not in {q["id"] for q in before["c"]["open"]}:
        return None
    here = [a for a in before["link"]["toC"] if a["id"] == world["did"]["id"]]
    return here[0]["reply"] if here else None


def slim(path):
    """A trace without repeats, and of each state only what a reader of the boundary needs."""
    with open(path, encoding="utf-8") as file:
        worlds = [plain(state["w"]) for state in json.load(file)["states"]]
    states, before = [], None
    for world in worlds:
        if before is not None and world == before:
            continue
        request = None
        if before is not None and world["did"]["what"].startswith("deliver"):
            tag = world["did"]["call"]["tag"]
            request = next(q for q in before["link"]["toE"] if q["id"] == world["did"]["id"] and q["call"]["tag"] == tag)
        new = [] if before is None else world["link"]["toC"][len(before["link"]["toC"]):]
        execution, consensus = world["e"], world["c"]
        states.append({
            "did": world["did"],
            "token": request["token"] if request else None,
            "heard": reply_of(before, world) if before else None,
            "said": [{"id": a["id"], "reply": a["reply"]} for a in new],
            "execution": {
                "up": execution["up"], "instance": execution["instance"], "session": execution["session"],
                "phase": execution["phase"],
                "committed": [execution["committed"][h] for h in sorted(execution["committed"])],
            },
            "consensus": {
                "up": consensus["up"], "session": consensus["session"], "at": consensus["at"], "round": consensus["round"],
                "decided": [consensus["disk"]["certificates"][h] for h in sorted(consensus["disk"]["certificates"])],
                "open": sorted(q["id"] for q in consensus["open"]),
            },
        })
        before = world
    return states


def dump(name, states):
    """An ITF file: one state a line."""
    lines = ",\n".join("    " + json.dumps({"#meta": {"index": i}, **state}, sort_keys=True) for i, state in enumerate(states))
    names = sorted(states[0])
    meta = {"format": "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html", "source": "traces.qnt", "description": name}
    return f'{{\n  "#meta": {json.dumps(meta)},\n  "vars": {json.dumps(names)},\n  "states": [\n{lines}\n  ]\n}}\n'


def transitions(states):
    """What a trace covers: each step as what was done, on which call, and what came of it."""
    seen = set()
    for state in states[1:]:
        did = state["did"]
        call = did["call"]["tag"] if state["token"] or did["what"] in ("commit", "other calls") else ""
        seen.add((did["what"], call, did["note"]))
    return seen


def build():
    """All files that are made: path below this folder to text; and what they cover."""
    known = tomllib.loads((HERE / "traces.toml").read_text())
    names = re.findall(r'play\("([a-z-]+)"\)\.then', (HERE / "traces.qnt").read_text())
    if names != list(known):
        sys.exit(f"traces.toml and traces.qnt differ: {set(names) ^ set(known) or 'their order'}")
    files, covered, cases = {}, set(), {"execution": [], "consensus": []}
    with tempfile.TemporaryDirectory() as folder:
        record(folder)
        for name in names:
            states = slim(f"{folder}/{camel(name)}Trace.itf.json")
            files[f"traces/{name}.itf.json"] = dump(name, states)
            covered |= transitions(states)
            entry = known[name]
            if "execution" in entry:
                cases["execution"].append(execution_case.case(name, entry["about"], entry["execution"], states))
            if "consensus" in entry:
                cases["consensus"].append(consensus_case.case(name, entry["about"], entry["consensus"], states))
    for half, made in cases.items():
        files[f"cases/{half}.yaml"] = (
            "# Made from spec/model/traces by spec/model/traces.py; not edited by hand.\n"
            f"about: Runs of the formal model, for {half} halves.\ncases:\n" + "\n".join(made))
    return files, covered, cases


def random_cases(seed, count, folder):
    """Simulates runs from the beginning and writes those that can be played on an execution half as one file of cases."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made, covered = [], set()
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([QUINT, "run", "invariants.qnt", "--backend=typescript", "--main=invariants", f"--seed={seed}",
                        f"--max-samples={count}", f"--n-traces={count}", "--max-steps=200", "--invariant=safe(w)",
                        f"--out-itf={scratch}/run{{seq}}.itf.json"], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
        for number, path in enumerate(sorted(Path(scratch).glob("*.itf.json"))):
            states = slim(path)
            try:
                text = execution_case.case(f"random-{seed}-{number}", f"Run {number} of seed {seed}.", ["ECP-ORD-008"], states)
            except execution_case.Unplayable:
                continue
            (folder / f"{number}.itf.json").write_text(dump(f"seed {seed}, run {number}", states))
            made.append(text)
            covered |= transitions(states)
    (folder / "execution.yaml").write_text(f"about: Runs of the formal model with seed {seed}.\ncases:\n" + "\n".join(made))
    print(f"{len(made)} of {count} runs can be played; {len(covered)} transitions; {folder / 'execution.yaml'}")


def main():
    if "--random" in sys.argv:
        seed, count, folder = sys.argv[sys.argv.index("--random") + 1:][:3]
        random_cases(int(seed), int(count), folder)
        return
    files, covered, cases = build()
    stale = []
    for path, text in files.items():
        target = HERE / path
        if "--check" in sys.argv:
            if not target.is_file() or target.read_text() != text:
                stale.append(path)
        else:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
    there = {str(p.relative_to(HERE)) for folder in ("traces", "cases") for p in (HERE / folder).glob("*")}
    stale += sorted(there - set(files))
    print(f"{len(files) - 2} traces, {len(cases['execution'])} cases for an execution half, "
          f"{len(cases['consensus'])} for a consensus half, {len(covered)} transitions")
    if "--list" in sys.argv:
        for what, call, note in sorted(covered):
            print(f"{what:<24} {call:<12} {note}")
    for path in stale:
        print(f"FAILED  {path} is not what traces.py makes")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
