package wire

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// askLibxml returns what libxml2 has against each document, "" if nothing.
func askLibxml(t *testing.T, docs []string) []string {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		require.NotEqual(t, "1", os.Getenv("XMPP_REQUIRE_SERVERS"), "no xmllint, which is libxml2's")
		t.Skip("no xmllint, which is libxml2's")
	}
	dir := t.TempDir()
	answers := make([]string, len(docs))
	for from := 0; from < len(docs); from += 1000 {
		args := []string{"--noout", "--nonet", "--huge"}
		for i, d := range docs[from:min(from+1000, len(docs))] {
			name := fmt.Sprint(from+i, ".xml")
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(d), 0o644))
			args = append(args, name)
		}
		cmd := exec.Command(xmllint, args...)
		cmd.Dir = dir
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			var failed *exec.ExitError
			require.True(t, errors.As(err, &failed), "%v", err)
		}
		for _, line := range strings.Split(said.String(), "\n") {
			// 17.xml:1: parser error : ...
			file, rest, ok := strings.Cut(line, ".xml:")
			var i int
			if n, err := fmt.Sscanf(file, "%d", &i); !ok || n != 1 || err != nil || !strings.Contains(rest, "error :") {
				continue
			}
			if strings.HasSuffix(rest, "is not a valid URI") {
				continue // it says so, and reads on: any text may name a namespace
			}
			if _, what, _ := strings.Cut(rest, ": "); answers[i] == "" {
				answers[i] = what
			}
		}
	}
	return answers
}

// TestThreatVX1Libxml compares verdicts with those of libxml2, which many servers and
// clients have: what we accept is well-formed there, too, however it is cut.
func TestThreatVX1Libxml(t *testing.T) {
	t.Parallel()
	var docs []string
	for _, s := range readSamples(t, "elements.txt") {
		if len(s.input) < 500 {
			docs = append(docs, s.input)
		}
	}
	docs = append(docs, mutations(docs, 10_000, 5)...)
	accepted := 0
	for i, theirs := range askLibxml(t, docs) {
		whole := run(true, docs[i])
		if whole.verdict == "ok" {
			accepted++
			if theirs != "" {
				t.Errorf("%q: accepted, but libxml2 says %s", docs[i], theirs)
			}
		}
		every := make([]int, max(0, len(docs[i])-1))
		for j := range every {
			every[j] = j + 1
		}
		require.Equal(t, whole, run(true, docs[i], every...), "%q, byte by byte", docs[i])
	}
	require.Greater(t, accepted, 300)
}
