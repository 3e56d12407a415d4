package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// everything compiles all schemas of the project.
func everything(t testing.TB) map[string][]byte {
	schemas, err := filepath.Glob(filepath.FromSlash("../../schema/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, schemas)
	c := &source.Collector{}
	packages := compiler().Compile(generate.Options{Files: schemas, Out: filepath.FromSlash("../../gen")}, c)
	files := emit.Generate(packages, c)
	require.Empty(t, c.Diagnostics())
	return files
}

// TestBound compiles all schemas of the project in less than 300 MB: that is what the whole process has taken from the system, then or before. It runs
// ahead of the parallel tests, so that nobody else allocates.
func TestBound(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	everything(t)
	runtime.ReadMemStats(&after)
	t.Logf("%d MB from the system, %d MB allocated in all", after.Sys>>20, (after.TotalAlloc-before.TotalAlloc)>>20)
	require.Less(t, after.Sys>>20, uint64(300))
}

// BenchmarkCompile compiles all schemas. As the machine may be fast or slow, it says how many times the work of parsing the Go code that
// comes out that is, too.
func BenchmarkCompile(b *testing.B) {
	files := everything(b)
	begin := time.Now()
	for name, data := range files {
		if strings.HasSuffix(name, ".go") {
			_, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ParseComments)
			require.NoError(b, err)
		}
	}
	parse := time.Since(begin)
	b.ReportAllocs()
	for b.Loop() {
		everything(b)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/compile")
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(parse), "x-parsing")
}
