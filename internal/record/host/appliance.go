package host

import (
	"net/netip"

	"longwatch/internal/record"
)

// ConfigChange is something that an administrator, or who passes for one, did
// to an appliance: a setting, a command, a copy of the configuration.
// Specification: the log references of Fortinet, Palo Alto Networks, Cisco,
// Ivanti, NetScaler, F5 and Versa.
type ConfigChange struct {
	Head
	Product string     `rec:"product" ecs:"observer.product"`                          // fortios, panos, asa, ios, ivanti, netscaler, bigip, versa
	Action  string     `rec:"action" ecs:"event.action"`                               // created, changed, deleted, executed, exported, imported, committed, cleared
	Object  string     `rec:"object"`                                                  // kind or path of the setting, as the appliance calls it
	Name    string     `rec:"name"`                                                    // of the one that was touched
	Command string     `rec:"command" ecs:"process.command_line" match:"command_line"` // as typed, or what was set
	Source  netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"`      // where the administrator sat
	Via     string     `rec:"via"`                                                     // console, ssh, https, api and the like, as the appliance says
	Outcome string     `rec:"outcome" ecs:"event.outcome"`                             // success or failure; empty when the appliance does not say
}

// ConfigChangeType is the schema of ConfigChange.
var ConfigChangeType = record.Of[ConfigChange]("config_change")

// RecordType returns ConfigChangeType.
func (*ConfigChange) RecordType() *record.Type { return ConfigChangeType }
