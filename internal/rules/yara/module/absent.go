package module

// absent is a module about something that this program never sees, as the
// report of a sandbox. YARA without such a report leaves all of it undefined,
// and so does this: the rules can be read, and what else they ask still counts.
func absent(name, what string) *Module {
	return &Module{
		Name: name, Type: &Type{Kind: Any}, Without: what,
		Load: func(*State) *Object { return object() },
	}
}
