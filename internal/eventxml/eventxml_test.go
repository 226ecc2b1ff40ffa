package eventxml

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// TestDecode reads an event as Event Viewer shows it
// (https://learn.microsoft.com/windows/win32/wes/eventschema-elements), with
// everything that the System element may have.
func TestDecode(t *testing.T) {
	const text = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
  <Provider Name="Microsoft-Windows-Security-Auditing" Guid="{54849625-5478-4994-a5ba-3e3b0328c30d}" EventSourceName="Security"/>
  <EventID Qualifiers="16384">4688</EventID><Version>2</Version><Level>0</Level><Task>13312</Task><Opcode>1</Opcode>
  <Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime="2026-02-03T04:05:06.1234567Z"/><EventRecordID>77</EventRecordID>
  <Correlation ActivityID="{a}" RelatedActivityID="{b}"/><Execution ProcessID="4" ThreadID="8"/>
  <Channel>Security</Channel><Computer>DC1.example.org</Computer><Security UserID="S-1-5-18"/></System>
<EventData><Data Name="NewProcessName">C:\a &amp; b.exe</Data><Data>plain</Data><Binary>00FF</Binary><Data Name="Empty"/></EventData>
<RenderingInfo Culture="en-US"><Message>A new process</Message><Keywords><Keyword>Audit Success</Keyword></Keywords></RenderingInfo></Event>`
	got, err := Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	ts, _ := record.ParseTime("2026-02-03T04:05:06.1234567Z")
	want := &host.Event{
		Head: record.Head{TS: ts}, Host: "dc1.example.org", Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", EventID: 4688, RecordID: 77, Version: 2, Task: 13312, Opcode: 1,
		Keywords: 0x8020000000000000, PID: 4, TID: 8, UserSID: "S-1-5-18", Activity: "{a}", Related: "{b}", ProviderGUID: "{54849625-5478-4994-a5ba-3e3b0328c30d}", Source: "Security", Qualifiers: record.Some(uint16(16384)),
		Fields:   []record.KV{{Name: "NewProcessName", Value: `C:\a & b.exe`}, {Name: "Data", Value: "plain"}, {Name: "Binary", Value: "00FF"}, {Name: "Empty"}},
		Rendered: []record.KV{{Name: "Message", Value: "A new process"}, {Name: "Keyword", Value: "Audit Success"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserData(t *testing.T) {
	got := Values([]byte(`<UserData><DocumentPrinted xmlns="http://x" job="7"><Param1>2</Param1><Param2>plan.docx</Param2></DocumentPrinted></UserData>`))
	want := []record.KV{{Name: "job", Value: "7"}, {Name: "Param1", Value: "2"}, {Name: "Param2", Value: "plan.docx"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzDecode: what is read holds no more than was there, and an error comes
// with no half event.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`<Event><System><EventID>1</EventID></System><EventData><Data Name="a">b</Data></EventData></Event>`))
	f.Add([]byte(`<Event><System/><UserData><x y='1'><z>&lt;</z></x></UserData></Event>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Decode(text)
		if (e == nil) == (err == nil) {
			t.Fatalf("event %v, error %v", e, err)
		}
		if e == nil {
			return
		}
		n := 0
		for _, kv := range e.Fields {
			n += len(kv.Value)
		}
		if n > 3*len(text) { // a bad byte becomes U+FFFD
			t.Errorf("%d bytes of values out of %d", n, len(text))
		}
	})
}
