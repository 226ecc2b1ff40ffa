package respond

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/respond/block"
)

// BlocksFolder is where the texts for firewalls lie below the folder of a plan.
const BlocksFolder = "blocks"

// The folders below it.
const (
	secondPerson = "second-person" // what needs one to approve
	narrower     = "narrower"      // the same without the industrial conversations
)

const readBlocks = "README.md"

// GuardControllers has a second person approve the isolation of domain
// controllers: nobody logs on without them.
func (in *Input) GuardControllers() {
	names := map[string]bool{}
	for _, c := range in.Seen.Controllers {
		names[short(c)] = true
		for _, h := range in.Case.Hosts {
			if slices.Contains(h.Addresses, c) {
				names[short(h.Name)] = true
			}
		}
	}
	for i := range in.Effects.Effects {
		if b := &in.Blocks.Blocks[i]; b.Scope == block.Isolate && names[short(b.Host)] {
			e := &in.Effects.Effects[i]
			e.Approval = append(e.Approval, "it is a domain controller, without which nobody logs on: reset and rebuild it as the plan says rather than cut it off")
		}
	}
}

// blockSet is blocks that lie in one folder.
type blockSet struct {
	folder, title string
	list          []block.Block
}

// blockSets part blocks by who must approve them.
func blockSets(p block.Plan, effects []block.Effect) []blockSet {
	var free, approved, narrow []block.Block
	for i := range p.Blocks {
		if i >= len(effects) || len(effects[i].Approval) == 0 {
			free = append(free, p.Blocks[i])
			continue
		}
		approved = append(approved, p.Blocks[i])
		if n := effects[i].Narrower; n != nil {
			narrow = append(narrow, *n)
		}
	}
	return []blockSet{
		{"", "Here: nobody need approve them.", free},
		{secondPerson, "They cut industrial conversations or a domain controller, or could not be replayed: a second person, who runs what they cut, approves each first.", approved},
		{narrower, "The same blocks, letting the industrial conversations pass that were seen; the intruder can use them too while he is on one of the two hosts.", narrow},
	}
}

// WriteBlocks writes texts for firewalls below dir: what nobody need approve,
// apart from what a second person must, and for that a narrower text that lets
// industrial conversations pass. Files of before are taken away.
func WriteBlocks(dir string, p block.Plan, effects []block.Effect) error {
	root := filepath.Join(dir, BlocksFolder)
	var about strings.Builder
	var hands []string
	about.WriteString("# Blocks\n\nWhat to cut, for the firewalls of several makers, each with the text that takes it away again. Read blocks.json for what each would have cut.\n")
	for _, set := range blockSets(p, effects) {
		notes, err := writeSet(filepath.Join(root, set.folder), set.list)
		if err != nil {
			return err
		}
		if len(set.list) == 0 {
			continue
		}
		fmt.Fprintf(&about, "\n## %s\n\n%s %s.\n", strings.TrimSuffix(BlocksFolder+"/"+set.folder, "/"), set.title, counted(len(set.list), "block"))
		for _, n := range notes {
			if !slices.Contains(hands, n) {
				hands = append(hands, n)
			}
		}
	}
	if len(p.Blocks) == 0 {
		return removeAll(root, readBlocks, "blocks.json")
	}
	about.WriteString("\n## By hand\n\n")
	for _, n := range hands {
		fmt.Fprintf(&about, "- %s\n", n)
	}
	if err := casefolder.WriteFile(filepath.Join(root, "blocks.json"), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", " ")
		enc.SetEscapeHTML(false)
		return enc.Encode(struct {
			Blocks  []block.Block  `json:"blocks"`
			Effects []block.Effect `json:"effects"`
			Left    []block.Left   `json:"left"`
		}{p.Blocks, effects, p.Left})
	}); err != nil {
		return err
	}
	return writeText(filepath.Join(root, readBlocks), about.String())
}

// writeText writes one file.
func writeText(name, text string) error {
	return casefolder.WriteFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// writeSet writes blocks for every firewall into a folder, and returns what to
// know about each.
func writeSet(dir string, list []block.Block) (notes []string, err error) {
	var stale []string
	for _, v := range block.Vendors {
		stale = append(stale, v.File, v.Undo)
	}
	if err := removeAll(dir, stale...); err != nil || len(list) == 0 {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	for _, v := range block.Vendors {
		r, err := block.Text(v.Name, list)
		if err != nil {
			return nil, err
		}
		if r.Apply == "" {
			notes = append(notes, v.About+": it knows none of them")
			continue
		}
		for _, f := range []struct{ name, text string }{{v.File, r.Apply}, {v.Undo, r.Undo}} {
			if err := writeText(filepath.Join(dir, f.name), f.text); err != nil {
				return nil, err
			}
		}
		notes = append(notes, fmt.Sprintf("%s: %s, taken away by %s. %s", v.About, v.File, v.Undo, strings.Join(r.Notes, "; ")))
	}
	return notes, nil
}

// removeAll takes files of a folder away, as far as they are there.
func removeAll(dir string, names ...string) error {
	for _, n := range names {
		if err := os.Remove(filepath.Join(dir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
