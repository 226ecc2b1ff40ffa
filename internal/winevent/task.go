package winevent

import (
	"html"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// auditedTask reads what Security says about scheduled tasks.
func auditedTask(e *event) record.Record {
	actions := map[uint32]string{4698: "registered", 4699: "deleted", 4700: "enabled", 4701: "disabled", 4702: "changed"}
	definition := get(e, "TaskContent")
	if definition == "" {
		definition = get(e, "TaskContentNew")
	}
	return &host.Task{
		Head:    head(e, subject(e), get(e, "SubjectLogonId")),
		Action:  actions[e.EventID],
		Name:    get(e, "TaskName"),
		Command: taskCommand(definition),
	}
}

// taskCommand is what a task runs (MS-TSCH 2.5): commands with arguments, and
// COM handlers by class; several are joined by "; ". The definition is text
// that the scheduler wrote, so its elements are searched, not parsed.
func taskCommand(xml string) string {
	var out []string
	for {
		exec, rest, ok := element(xml, "Exec")
		if !ok {
			break
		}
		command, _, _ := element(exec, "Command")
		arguments, _, _ := element(exec, "Arguments")
		out = append(out, strings.TrimSpace(html.UnescapeString(command)+" "+html.UnescapeString(arguments)))
		xml = rest
	}
	if handler, _, ok := element(xml, "ComHandler"); ok {
		class, _, _ := element(handler, "ClassId")
		out = append(out, class)
	}
	return strings.Join(out, "; ")
}

// element returns the content of the first element of that name, and what
// follows it.
func element(xml, name string) (content, rest string, ok bool) {
	for {
		_, after, found := strings.Cut(xml, "<"+name)
		if !found {
			return "", "", false
		}
		xml = after
		if after != "" && (after[0] == '>' || after[0] == ' ') {
			break
		}
	}
	_, after, found := strings.Cut(xml, ">")
	if !found {
		return "", "", false
	}
	return strings.Cut(after, "</"+name+">")
}
