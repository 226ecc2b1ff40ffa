package web

import "longwatch/internal/record"

// Compiled is a page that ASP.NET compiled, as a .compiled file below Temporary
// ASP.NET Files names it. It stays when its source is deleted. Its TS is the
// time of the compilation. Specification: none published; the elements are
// those that the runtime's PreservationFileReader reads.
type Compiled struct {
	record.Head
	Host        string      `rec:"host" ecs:"host.name" ent:"host"`        // machine whose folder it lies in, where the path shows one
	Path        string      `rec:"path" ecs:"file.path" ent:"file"`        // of the .compiled file in the evidence
	VirtualPath string      `rec:"virtual_path" ecs:"url.path" ent:"file"` // page that was compiled, with the path of its application
	Assembly    string      `rec:"assembly"`                               // name of the DLL that holds it, without .dll
	Class       string      `rec:"class"`                                  // that the page became: ASP.default_aspx
	Kind        int64       `rec:"kind"`                                   // resultType: 2 class, 3 page or control, 6 and 7 code, 8 global.asax, 9 resources
	Hash        string      `rec:"hash"`                                   // of the settings that it was compiled with
	FileHash    string      `rec:"file_hash"`                              // of the times and sizes of its sources
	Deps        []string    `rec:"deps"`                                   // sources, as virtual paths, at most 64
	App         string      `rec:"app"`                                    // folder of the application below Temporary ASP.NET Files: root, or its name
	Modified    record.Time `rec:"modified" ecs:"file.mtime"`              // when the file was last written
	Created     record.Time `rec:"created" ecs:"file.created"`             // 0 where the evidence does not keep it
}

// CompiledType is the schema of Compiled.
var CompiledType = record.Of[Compiled]("web_compiled")

// RecordType returns CompiledType.
func (*Compiled) RecordType() *record.Type { return CompiledType }

// Site is one folder that a web server serves, as its configuration says: a
// virtual directory of IIS. Its TS is when the configuration was last written.
// Specification: https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/.
type Site struct {
	record.Head
	Host     string   `rec:"host" ecs:"host.name" ent:"host"` // machine whose configuration it is, where the path shows one
	Path     string   `rec:"path" ecs:"file.path"`            // of the configuration in the evidence
	Name     string   `rec:"name"`                            // of the site
	ID       uint32   `rec:"id"`                              // of the site; its logs lie in W3SVC with this number
	URL      string   `rec:"url" ecs:"url.path"`              // that the folder is served under: /, /app/files
	App      string   `rec:"app"`                             // application that it belongs to: /, /app
	Pool     string   `rec:"pool"`                            // application pool that runs it
	Physical string   `rec:"physical_path"`                   // the folder, as configured
	Bindings []string `rec:"bindings"`                        // protocol/address:port:host, as configured
	Logs     string   `rec:"log_folder"`                      // where its logs go, as configured; empty for the default
}

// SiteType is the schema of Site.
var SiteType = record.Of[Site]("web_site")

// RecordType returns SiteType.
func (*Site) RecordType() *record.Type { return SiteType }
