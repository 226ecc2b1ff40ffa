package arch

// ranks orders the packages: what is further down the list of imports has the
// lower number. The longest prefix that ends at a slash decides. Packages of
// one rank do not know each other.
var ranks = map[string]int{
	// Vocabulary, which knows nothing of us.
	"internal/asn":         0,
	"internal/attack":      0,
	"internal/ber":         0,
	"internal/invariant":   0,
	"internal/sasl":        0,
	"internal/script":      0,
	"internal/stix":        0,
	"internal/stix/":       0, // pattern
	"internal/pypeer":      0, // for tests
	"internal/browsertest": 0, // for tests
	"internal/domain":      0,
	"internal/signing":     0,
	"internal/hostpath":    0,
	"internal/lookup":      0,
	"internal/unixpath":    0,
	"internal/winpath":     0,
	"internal/wire":        0,
	"internal/wireline":    0,
	"content":              0,

	// What happened.
	"internal/content":    10,
	"internal/ole":        10,
	"internal/attachment": 15,
	"internal/record":     10,
	"internal/record/":    20, // host, network, web, mail

	// What is claimed, and the contract of the parsers.
	"internal/finding":        30,
	"internal/terminal":       31,
	"internal/proto":          30,
	"internal/eventxml":       30,
	"internal/winevent":       30,
	"internal/appliance":      30,
	"internal/mailqueue":      30,
	"internal/unixlog":        30,
	"internal/linuxaudit":     30,
	"internal/cert":           30,
	"internal/capture":        30,
	"internal/capture/filter": 31,
	"internal/tlshello":       30,

	"internal/intel/index": 30,
	"internal/sink":        40,
	"internal/ordered":     40,
	"internal/evidence":    40,
	"internal/wirefile":    40,
	"internal/extract":     40,
	"internal/letter":      40,
	"internal/wiremail":    45,
	"internal/spnego":      40,

	"internal/proto/":   50, // one protocol each
	"internal/flow":     50, // finds protocols by what it is handed, knows none
	"internal/textline": 50,
	"internal/collect":  50,
	"internal/intel":    51, // its feeds come in archives and encodings as evidence does
	"internal/store":    52,

	"internal/evidence/": 60, // one format each

	"internal/baseline": 35,

	"internal/detect":         60,
	"internal/detect/otops":   65,
	"internal/detect/recent":  65,
	"internal/detect/hexname": 65,
	"internal/detect/roles":   65,
	"internal/detect/lease":   66,
	"internal/detect/webroot": 65,
	"internal/detect/":        70, // one detector each
	"internal/rules/sigma":    70,

	// The rules about files, from the bytes of a pattern up.
	"internal/rules/yara/syntax":  60,
	"internal/rules/yara/pattern": 60,
	"internal/rules/yara/search":  60,
	"internal/rules/yara/module":  60,
	"internal/rules/yara":         70,

	"internal/learn":      75,
	"internal/rules":      75,
	"internal/incident":   80,
	"internal/clock":      80,
	"internal/session":    80,
	"internal/recon":      80,
	"internal/campaign":   85,
	"internal/coverage":   86,
	"internal/guide":      88,
	"internal/absence":    88,
	"internal/casefolder": 90,

	// The ways out, and evidence to practise on.
	"internal/asset":       91,
	"internal/asset/graph": 0,
	"internal/asset/page":  100,
	"internal/backup":      20,
	"internal/caselog":     20,
	"internal/audit/":      100, // one kind of configuration each
	"internal/doctor":      100,
	"internal/report":      100,
	"internal/retro":       100,
	"internal/share":       100,
	"internal/respond":     102, // looks like the report
	"internal/respond/":    101, // parts of the plan, which do not know each other

	"internal/audit/sheet": 99, // shows what an audit found
	"internal/train":       100,

	"internal/simulate/chance":            91,
	"internal/simulate/truth":             91,
	"internal/simulate/packet":            92,
	"internal/simulate/evtxfile":          92,
	"internal/simulate/talk":              93,
	"internal/simulate/estate":            94,
	"internal/simulate/scenario/ordinary": 95,
	"internal/simulate/scenario/":         96,
	"internal/simulate":                   100,

	// Beside the line: events that a user names.
	"internal/calendar": 40,

	// Sharing with others over the network: the words, what a store keeps, who asks and answers.
	"internal/taxii":        10,
	"internal/taxii/access": 10,
	"internal/taxii/object": 20,
	"internal/taxii/store":  30,
	"internal/taxii/server": 40,
	"internal/taxii/client": 40,

	// What joins it all.
	"internal/app":  110,
	"internal/cli":  120,
	"cmd/":          130,
	"bench/rusage":  10, // what the measuring programs share
	"bench/":        130,
	"internal/gen/": 130,

	// Suites for tests stand above what they test.
	"internal/proto/prototest":       55,
	"internal/ole/oletest":           12,
	"internal/flow/flowtest":         55,
	"internal/evidence/evidencetest": 65,
	"internal/detect/detecttest":     75,
	"internal/casefolder/casetest":   95,
	"internal/app/apptest":           105,
	"internal/arch":                  140,
}

// siblings are imports between packages of one rank that are as they should be.
var siblings = map[[2]string]string{
	{"internal/proto/dtls", "internal/proto/ssl"}:        "DTLS carries the handshake messages of TLS",
	{"internal/proto/dcerpccl", "internal/proto/dcerpc"}: "connectionless DCE/RPC has the names and the record of DCE/RPC",
	{"internal/proto/http2", "internal/proto/http"}:      "HTTP/2 carries the requests and replies of HTTP",
}

// unfuzzed are readers of outside bytes without a fuzz target of their own.
var unfuzzed = map[string]string{
	"internal/evidence/pcap": "joins capture and flow, which have theirs",
}

// readers take bytes that an attacker may have written; each needs a fuzz
// target. A name that ends in a slash stands for the packages below it.
var readers = []string{
	"internal/absence", "internal/guide", "internal/calendar", "internal/asset",
	"internal/appliance", "internal/asn", "internal/attachment", "internal/audit/access", "internal/audit/iis", "internal/audit/patch", "internal/audit/segmentation", "internal/backup", "internal/caselog", "internal/baseline", "internal/ber", "internal/capture", "internal/cert", "internal/collect", "internal/content", "internal/domain", "internal/evidence/", "internal/flow",
	"internal/intel", "internal/letter", "internal/mailqueue", "internal/ole", "internal/proto/", "internal/rules/sigma", "internal/rules/yara", "internal/rules/yara/", "internal/script", "internal/spnego", "internal/textline", "internal/tlshello", "internal/unixlog", "internal/wirefile", "internal/wireline",
	"internal/taxii/access", "internal/taxii/client", "internal/taxii/object", "internal/taxii/server",
	"internal/linuxaudit", "internal/store", "internal/intel/index",
}
