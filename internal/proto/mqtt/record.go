package mqtt

import "longwatch/internal/record"

// Connect is a client's login at a broker, with Zeek's names. Specification:
// OASIS MQTT 5.0, section 3.1.
type Connect struct {
	record.Conn
	Protocol    string             `rec:"proto_name"`                            // MQTT, or MQIsdp before 3.1.1
	Version     string             `rec:"proto_version"`                         // 3.1, 3.1.1, 5.0
	Client      record.Opt[string] `rec:"client_id" ent:"host,originator"`       // the client's name for itself
	Status      string             `rec:"connect_status" ecs:"event.outcome"`    // what the broker says
	WillTopic   record.Opt[string] `rec:"will_topic"`                            // where the broker publishes when the client is gone
	WillPayload record.Opt[string] `rec:"will_payload"`                          // what it publishes there
	User        string             `rec:"user,extra" ecs:"user.name" ent:"user"` // the password is not kept
	Beyond      bool               `rec:"-"`                                     // Zeek would not write it
}

// ConnectType is the schema of Connect.
var ConnectType = record.Of[Connect]("mqtt_connect")

// RecordType returns ConnectType.
func (*Connect) RecordType() *record.Type { return ConnectType }

// BeyondZeek tells that Zeek would not write this row: it waits for the
// broker's answer.
func (r *Connect) BeyondZeek() bool { return r.Beyond }

// Subscribe is a client's asking for topics, or its giving them up.
// Specification: OASIS MQTT 5.0, sections 3.8 and 3.10.
type Subscribe struct {
	record.Conn
	Action  string             `rec:"action,enum" ecs:"event.action"` // MQTT::SUBSCRIBE or MQTT::UNSUBSCRIBE
	Topics  []string           `rec:"topics"`                         // or patterns of them
	QoS     []uint64           `rec:"qos_levels"`                     // that are asked for
	Granted record.Opt[uint64] `rec:"granted_qos_level"`              // for the first topic
	Ack     bool               `rec:"ack"`                            // the broker answered
	Beyond  bool               `rec:"-"`                              // Zeek would not write it
}

// SubscribeType is the schema of Subscribe.
var SubscribeType = record.Of[Subscribe]("mqtt_subscribe")

// RecordType returns SubscribeType.
func (*Subscribe) RecordType() *record.Type { return SubscribeType }

// BeyondZeek tells that Zeek would not write this row: the connection ended
// before the time for an answer was over, or began before the capture.
func (r *Subscribe) BeyondZeek() bool { return r.Beyond }

// Publish is one message to a topic. Specification: OASIS MQTT 5.0, section
// 3.3.
type Publish struct {
	record.Conn
	FromClient bool   `rec:"from_client"`                // rather than from the broker to a subscriber
	Retain     bool   `rec:"retain"`                     // the broker shall keep it
	QoS        string `rec:"qos"`                        // at most once, at least once, exactly once
	Status     string `rec:"status" ecs:"event.outcome"` // ok, or incomplete_qos when not all that the QoS asks for was seen
	Topic      string `rec:"topic"`                      // what the message is about, levels parted by slashes
	Payload    string `rec:"payload"`                    // at most its first 100 bytes
	PayloadLen uint64 `rec:"payload_len"`                // bytes of the whole message
	Beyond     bool   `rec:"-"`                          // Zeek would not write it
}

// PublishType is the schema of Publish.
var PublishType = record.Of[Publish]("mqtt_publish")

// RecordType returns PublishType.
func (*Publish) RecordType() *record.Type { return PublishType }

// BeyondZeek is as for Subscribe.
func (r *Publish) BeyondZeek() bool { return r.Beyond }
