package source

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWriteAs(t *testing.T) {
	t.Parallel()
	c := &Collector{}
	c.Errorf(Pos{"a, b.yaml", 2, 3}, "100%% <wrong>\nindeed").Hintf("try: this").Rule("some-rule")
	c.Warnf(Pos{"a, b.yaml", 1, 0}, "odd")
	c.Report(&Diagnostic{Pos: Pos{File: "z"}, Severity: Note, Msg: "by the way"})
	require.Equal(t, 1, c.Errors())
	tests := map[Format]string{
		Text: "a, b.yaml:1: warning: odd\na, b.yaml:2:3: 100% <wrong>\nindeed [some-rule]\n\thint: try: this\nz: note: by the way\n",
		JSON: `{"file":"a, b.yaml","line":1,"severity":"warning","message":"odd"}
{"file":"a, b.yaml","line":2,"column":3,"severity":"error","code":"some-rule","message":"100% <wrong>\nindeed","hint":"try: this"}
{"file":"z","severity":"note","message":"by the way"}
`,
		GitHub: `::warning file=a%2C b.yaml,line=1::odd
::error file=a%2C b.yaml,line=2,col=3,title=some-rule::100%25 <wrong>%0Aindeed%0Ahint: try: this
::notice file=z::by the way
`,
	}
	for format, want := range tests {
		var b strings.Builder
		require.NoError(t, c.WriteAs(&b, format))
		require.Equal(t, want, b.String())
		require.ErrorIs(t, c.WriteAs(broken{}, format), errBroken)
	}
}
