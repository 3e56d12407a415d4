package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Bounds of what is taken out of a revision.
const (
	maxRevisionFiles = 20_000
	maxRevisionSize  = 1 << 20 // of one file: what a schema may have
)

// checkout writes the schemas of a git revision, wherever they are in the tree, below dir: schemas may import others
// by their paths. It returns where path is then.
func checkout(revision, inTree, dir string) (string, error) {
	commit, err := git(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("there is no revision %s: %w", revision, err)
	}
	tree, err := git(nil, "ls-tree", "-r", "-z", "--full-tree", strings.TrimSpace(commit))
	if err != nil {
		return "", fmt.Errorf("revision %s cannot be read: %w", revision, err)
	}
	if strings.HasPrefix(inTree, "./") || inTree == "." || strings.HasPrefix(inTree, "../") {
		prefix, err := git(nil, "rev-parse", "--show-prefix")
		if err != nil {
			return "", err
		}
		inTree = path.Join(strings.TrimSpace(prefix), inTree)
	}
	inTree = path.Clean(inTree)
	if !filepath.IsLocal(filepath.FromSlash(inTree)) {
		return "", fmt.Errorf("path %s leads out of the repository", inTree)
	}
	var names, objects []string
	for entry := range strings.SplitSeq(strings.TrimSuffix(tree, "\x00"), "\x00") {
		meta, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(meta) // mode, type, object
		ext := path.Ext(name)
		if len(fields) != 3 || fields[1] != "blob" || fields[0] == "120000" || ext != ".yaml" && ext != ".yml" && ext != ".xsd" {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		names, objects = append(names, name), append(objects, fields[2])
	}
	if len(names) > maxRevisionFiles {
		return "", fmt.Errorf("revision %s has %d schemas, the limit is %d", revision, len(names), maxRevisionFiles)
	}
	data, err := git(strings.NewReader(strings.Join(objects, "\n")+"\n"), "cat-file", "--batch")
	if err != nil {
		return "", fmt.Errorf("revision %s cannot be read: %w", revision, err)
	}
	if err := unpack(bufio.NewReader(strings.NewReader(data)), names, dir); err != nil {
		return "", fmt.Errorf("revision %s cannot be read: %w", revision, err)
	}
	at := filepath.Join(dir, filepath.FromSlash(inTree))
	if _, err := os.Stat(at); err != nil {
		return "", fmt.Errorf("revision %s has no schemas at %s", revision, inTree)
	}
	return at, nil
}

// unpack writes what cat-file says of objects to the files of the given names.
func unpack(r *bufio.Reader, names []string, dir string) error {
	for _, name := range names {
		head, err := r.ReadString('\n') // object, type, size
		if err != nil {
			return err
		}
		fields := strings.Fields(head)
		if len(fields) != 3 {
			return fmt.Errorf("git says %q of %s", strings.TrimSpace(head), name)
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		var data bytes.Buffer
		if _, err := io.CopyN(&data, r, size+1); err != nil { // a line break follows
			return err
		}
		if size > maxRevisionSize {
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data.Bytes()[:size], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// git runs git and returns its output.
func git(in io.Reader, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not installed")
	}
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return "", errors.New(text)
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}
