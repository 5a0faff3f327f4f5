// Package docs_test checks that every exported name of this module has a doc comment.
package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryExportedNameIsExplained(t *testing.T) {
	found := 0
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path == "." || path == "ecpv1alpha1" || strings.HasPrefix(entry.Name(), "testdata") {
			return err
		}
		sources, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		set, files := token.NewFileSet(), []*ast.File(nil)
		for _, source := range sources {
			if strings.HasSuffix(source, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, source, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
		if len(files) == 0 {
			return nil
		}
		made, err := doc.NewFromFiles(set, files, path)
		if err != nil {
			return err
		}
		found += explained(t, path, made)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("only %d names were looked at", found)
	}
}

func explained(t *testing.T, path string, p *doc.Package) (count int) {
	need := func(text, name string) {
		count++
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s: %s has no doc comment", path, name)
		}
	}
	need(p.Doc, "the package")
	functions, values := p.Funcs, append(p.Consts, p.Vars...)
	for _, kind := range p.Types {
		need(kind.Doc, kind.Name)
		fields(kind, need)
		functions = append(append(functions, kind.Funcs...), kind.Methods...)
		values = append(append(values, kind.Consts...), kind.Vars...)
	}
	for _, f := range functions {
		need(f.Doc, f.Name)
	}
	for _, v := range values {
		need(v.Doc, strings.Join(v.Names, ", "))
	}
	return count
}

// fields asks for a comment on each exported field and method of an interface, or on the field above it in its paragraph.
func fields(kind *doc.Type, need func(text, name string)) {
	ast.Inspect(kind.Decl, func(node ast.Node) bool {
		var list *ast.FieldList
		switch node := node.(type) {
		case *ast.StructType:
			list = node.Fields
		case *ast.InterfaceType:
			list = node.Methods
		default:
			return true
		}
		above := kind.Doc
		for i, field := range list.List {
			text := field.Doc.Text() + field.Comment.Text()
			if text == "" && (i > 0 || len(list.List) == 1) {
				text = above
			}
			for _, name := range field.Names {
				if name.IsExported() {
					need(text, kind.Name+"."+name.Name)
				}
			}
			above = text
		}
		return false
	})
}
