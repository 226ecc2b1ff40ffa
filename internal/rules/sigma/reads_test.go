package sigma

import (
	"slices"
	"testing"
	"testing/fstest"
)

// TestReads: the events that make a log source are those of the vendor's
// documentation: 4688 and Sysmon 1 are program starts.
func TestReads(t *testing.T) {
	e, refused := Compile(fstest.MapFS{"r.yml": {Data: []byte(`title: t
id: 6f6f3f0e-98b0-4c39-9d3a-2f1f2f6b7a11
logsource: {category: process_creation, product: windows}
detection: {s: {Image|endswith: '\x.exe'}, condition: s}
`)}, "w.yml": {Data: []byte(`title: w
id: 6f6f3f0e-98b0-4c39-9d3a-2f1f2f6b7a12
logsource: {category: webserver}
detection: {s: {cs-uri-query|contains: 'x='}, condition: s}
`)}})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	logs, types := e.Reads(LogSource{Category: "process_creation", Product: "windows"})
	if !slices.Equal(logs["Security"], []uint32{4688}) || !slices.Equal(logs["Microsoft-Windows-Sysmon/Operational"], []uint32{1}) || len(types) > 0 {
		t.Errorf("process_creation reads %v %v", logs, types)
	}
	logs, types = e.Reads(LogSource{Category: "webserver"})
	if len(logs) > 0 || !slices.Equal(types, []string{"http", "web_access"}) {
		t.Errorf("webserver reads %v %v", logs, types)
	}
	if logs, _ = e.Reads(LogSource{Product: "windows", Service: "security"}); len(logs) != 1 || logs["Security"] != nil {
		t.Errorf("the Security log is read whole, not %v", logs)
	}
}
