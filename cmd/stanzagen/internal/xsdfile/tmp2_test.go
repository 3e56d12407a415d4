package xsdfile_test
import ("testing";"os";"path/filepath";"fmt"
"stanza.invalid/cmd/stanzagen/internal/source"
"stanza.invalid/cmd/stanzagen/internal/check"
"stanza.invalid/cmd/stanzagen/internal/syntax"
"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)
func TestTmpAll(t *testing.T){
 fs,_:=filepath.Glob(os.Getenv("XSDGLOB"))
 var srcs []xsdfile.Source
 for _,f:=range fs { b,_:=os.ReadFile(f); srcs=append(srcs,xsdfile.Source{Path:filepath.Base(f),Data:b})}
 c:=&source.Collector{}
 trees:=xsdfile.ReadAll(srcs,c)
 by:=map[string]*check.Input{}
 var ins []*check.Input
 for _,tr:=range trees { if tr==nil{continue}; in:=&check.Input{File:tr,ImportPath:"x/"+tr.Package.Value,Dir:tr.Package.Value,Imports:map[*syntax.Import]*check.Input{}}
   if !tr.Spec.IsSet() {tr.Spec=tr.Package}
   by[tr.Package.Value]=in; ins=append(ins,in)}
 n:=0
 for _,in:=range ins{ for _,i:=range in.File.Imports { n++; if by[i.Name.Value]==nil {t.Error(i)}; in.Imports[i]=by[i.Name.Value]}}
 before:=c.Errors()
 check.Link(ins,c)
 for _,d:=range c.Diagnostics(){ fmt.Println(d)}
 fmt.Println(len(trees),len(ins),"imports",n,"errors",before,c.Errors())
}
