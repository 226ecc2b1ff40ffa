package fox

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one Fox message. Specification: none is public.
type Message struct {
	record.Conn
	ot.Way
	Kind        string `rec:"kind"`            // a: asks or tells; s: answers; e: refuses
	Channel     string `rec:"channel"`         // fox for the session itself
	Operation   string `rec:"operation"`       // such as hello
	Version     string `rec:"version"`         // of the protocol
	HostName    string `rec:"host_name"`       // of the sender
	HostAddress string `rec:"host_address"`    // of the sender, as it says
	AppName     string `rec:"app_name"`        // Workbench or Station
	AppVersion  string `rec:"app_version"`     // of Niagara
	VMName      string `rec:"vm_name"`         // Java machine
	VMVersion   string `rec:"vm_version"`      // of the Java machine
	OSName      string `rec:"os_name"`         // operating system
	OSVersion   string `rec:"os_version"`      // of the operating system
	Station     string `rec:"station_name"`    // of a station
	TimeZone    string `rec:"time_zone"`       // of the sender
	HostID      string `rec:"host_id"`         // licence identity
	VMUUID      string `rec:"vm_uuid"`         // of the run of the Java machine
	Brand       string `rec:"brand_id"`        // whose brand of Niagara
	Method      string `rec:"method"`          // of the login
	User        string `rec:"user" ent:"user"` // who logs in
	Access      string `rec:"access,enum"`     // what the operation does to the process: see package ot
}

// Type is the schema of Message.
var Type = record.Of[Message]("fox")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// fields are the columns by their names on the wire.
func (r *Message) fields() map[string]*string {
	return map[string]*string{
		"fox.version": &r.Version, "hostName": &r.HostName, "hostAddress": &r.HostAddress, "app.name": &r.AppName,
		"app.version": &r.AppVersion, "vm.name": &r.VMName, "vm.version": &r.VMVersion, "os.name": &r.OSName,
		"os.version": &r.OSVersion, "station.name": &r.Station, "timeZone": &r.TimeZone, "hostId": &r.HostID,
		"vmUuid": &r.VMUUID, "brandId": &r.Brand, "method": &r.Method, "username": &r.User, "userName": &r.User,
	}
}
