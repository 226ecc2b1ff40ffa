package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"longwatch/internal/cli"
)

// commands renders the command tree.
func commands() (string, error) {
	root := cli.Reference()
	root.InitDefaultCompletionCmd()
	d := newDoc("Commands", root.Long+"\n")
	d.examples(root)
	d.section(2, "Exit statuses")
	d.table("status", "means")
	for _, r := range [][2]string{
		{"0", "done"},
		{"1", "could not do it; one line on standard error says why"},
		{"2", "wrong arguments"},
		{"3", "done, and `--fail-on` was met"},
		{"4", "done, but some evidence could not be read whole; `manifest.json` says which"},
	} {
		d.row(r[0], r[1])
	}
	d.command(root, 2)
	return d.String(), nil
}

func (d *doc) command(c *cobra.Command, level int) {
	if c.HasParent() {
		d.section(level, "`"+c.CommandPath()+"`")
		d.printf("%s.\n", strings.ToUpper(c.Short[:1])+strings.TrimSuffix(c.Short[1:], "."))
		if c.Long != "" && c.Parent().Name() != "completion" && c.Name() != "completion" {
			d.printf("\n%s\n", strings.TrimSpace(c.Long))
		}
		if c.Runnable() && !c.HasSubCommands() {
			d.printf("\n    %s\n", c.UseLine())
		}
	}
	if c.HasParent() {
		d.examples(c)
	}
	if c.Name() != "completion" && c.Parent() != nil && c.Parent().Name() != "completion" {
		d.flags(c.NonInheritedFlags())
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			d.command(sub, min(level+1, 4)-levelOf(c))
		}
	}
}

// levelOf keeps the commands below the root on its own level.
func levelOf(c *cobra.Command) int {
	if c.HasParent() {
		return 0
	}
	return 1
}

func (d *doc) flags(fs *pflag.FlagSet) {
	began := false
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if !began {
			d.printf("\n")
			d.table("flag", "default", "meaning")
			began = true
		}
		name, usage := pflag.UnquoteUsage(f)
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		d.row(code(strings.TrimSpace(flag+" "+name)), fallback(f), usage)
	})
}

// fallback is the default of a flag; that of --jobs depends on the machine.
func fallback(f *pflag.Flag) string {
	switch {
	case f.Name == "jobs":
		return "number of processors"
	case f.DefValue == "" || f.DefValue == "[]" || f.DefValue == "false":
		return ""
	}
	return code(f.DefValue)
}

// examples shows a command's examples; what follows a command is a remark.
func (d *doc) examples(c *cobra.Command) {
	if c.Example == "" {
		return
	}
	d.printf("\n```sh\n")
	for line := range strings.SplitSeq(c.Example, "\n") {
		command, remark, ok := strings.Cut(strings.TrimSpace(line), "   ")
		if ok {
			remark = "   # " + strings.TrimSpace(remark)
		}
		d.printf("%s%s\n", strings.TrimSpace(command), remark)
	}
	d.printf("```\n")
}
