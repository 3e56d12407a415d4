package generate

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// importPathOf returns the import path of a directory, which need not be there yet, from the nearest go.mod.
func importPathOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := abs; ; root = filepath.Dir(root) {
		data, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
			if root == filepath.Dir(root) {
				return "", errors.New("there is no go.mod above it")
			}
			continue
		}
		module := modulePath(string(data))
		if module == "" {
			return "", fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
		}
		rel, err := filepath.Rel(root, abs)
		if err != nil {
			return "", err
		}
		return path.Join(module, filepath.ToSlash(rel)), nil
	}
}

// modulePath finds the module directive of a go.mod, in its plain and its bracketed form.
func modulePath(mod string) string {
	inBlock := false
	for line := range strings.Lines(mod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case inBlock && fields[0] != ")":
			return unquote(fields[0])
		case fields[0] != "module" || len(fields) < 2:
			continue
		case fields[1] == "(":
			inBlock = true
		default:
			return unquote(fields[1])
		}
	}
	return ""
}

func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}
