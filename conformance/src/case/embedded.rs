//! The case files in this binary, in the order of their paths. A test compares the list with the folder.

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        /// Path below `cases/` and text of each file.
        pub(super) const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../cases/", $path)))),*];
    };
}

files![
    "consensus/building.yaml",
    "consensus/deciding.yaml",
    "consensus/network.yaml",
    "consensus/recovery.yaml",
    "consensus/session.yaml",
    "execution/archive.yaml",
    "execution/building.yaml",
    "execution/deciding.yaml",
    "execution/errors.yaml",
    "execution/height.yaml",
    "execution/hostile.yaml",
    "execution/session.yaml",
    "execution/starknet.yaml",
    "execution/streams.yaml",
    "execution/validating.yaml",
    "pair/deciding.yaml",
    "pair/network.yaml",
    "pair/recovery.yaml",
];
