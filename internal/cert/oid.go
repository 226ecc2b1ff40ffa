package cert

import "strconv"

// The tables of this file are keyed by the contents octets of an OBJECT
// IDENTIFIER. The names are those OpenSSL prints, which are what Zeek logs and
// what people search for.

// The identifiers that the code itself knows.
const (
	oidCommonName       = "\x55\x04\x03"                         // 2.5.4.3
	oidSubjectAltName   = "\x55\x1d\x11"                         // 2.5.29.17
	oidBasicConstraints = "\x55\x1d\x13"                         // 2.5.29.19
	oidRSA              = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1
	oidMD5WithRSA       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04" // 1.2.840.113549.1.1.4
	oidRSAPSS           = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" // 1.2.840.113549.1.1.10
	oidDSA              = "\x2a\x86\x48\xce\x38\x04\x01"         // 1.2.840.10040.4.1
	oidECPublicKey      = "\x2a\x86\x48\xce\x3d\x02\x01"         // 1.2.840.10045.2.1
	oidEd25519          = "\x2b\x65\x70"                         // 1.3.101.112
	oidEd448            = "\x2b\x65\x71"                         // 1.3.101.113
	oidX25519           = "\x2b\x65\x6e"                         // 1.3.101.110
	oidX448             = "\x2b\x65\x6f"                         // 1.3.101.111
	oidOCSPBasic        = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01" // 1.3.6.1.5.5.7.48.1.1
	oidSHA1             = "\x2b\x0e\x03\x02\x1a"                 // 1.3.14.3.2.26
	oidSHA256           = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	oidSHA384           = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	oidSHA512           = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3
	oidMD5              = "\x2a\x86\x48\x86\xf7\x0d\x02\x05"     // 1.2.840.113549.2.5
)

// attributeNames are the short names of attributes in distinguished names.
var attributeNames = map[string]string{
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01":         "pilotAttributeType",    // 0.9.2342.19200300.100.1
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":     "UID",                   // 0.9.2342.19200300.100.1.1
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x02":     "textEncodedORAddress",  // 0.9.2342.19200300.100.1.2
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x03":     "mail",                  // 0.9.2342.19200300.100.1.3
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x04":     "info",                  // 0.9.2342.19200300.100.1.4
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x05":     "favouriteDrink",        // 0.9.2342.19200300.100.1.5
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x06":     "roomNumber",            // 0.9.2342.19200300.100.1.6
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x07":     "photo",                 // 0.9.2342.19200300.100.1.7
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x08":     "userClass",             // 0.9.2342.19200300.100.1.8
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x09":     "host",                  // 0.9.2342.19200300.100.1.9
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0a":     "manager",               // 0.9.2342.19200300.100.1.10
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0b":     "documentIdentifier",    // 0.9.2342.19200300.100.1.11
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0c":     "documentTitle",         // 0.9.2342.19200300.100.1.12
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0d":     "documentVersion",       // 0.9.2342.19200300.100.1.13
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0e":     "documentAuthor",        // 0.9.2342.19200300.100.1.14
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x0f":     "documentLocation",      // 0.9.2342.19200300.100.1.15
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x14":     "homeTelephoneNumber",   // 0.9.2342.19200300.100.1.20
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x15":     "secretary",             // 0.9.2342.19200300.100.1.21
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x16":     "otherMailbox",          // 0.9.2342.19200300.100.1.22
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x17":     "lastModifiedTime",      // 0.9.2342.19200300.100.1.23
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x18":     "lastModifiedBy",        // 0.9.2342.19200300.100.1.24
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":     "DC",                    // 0.9.2342.19200300.100.1.25
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1a":     "aRecord",               // 0.9.2342.19200300.100.1.26
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1b":     "pilotAttributeType27",  // 0.9.2342.19200300.100.1.27
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1c":     "mXRecord",              // 0.9.2342.19200300.100.1.28
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1d":     "nSRecord",              // 0.9.2342.19200300.100.1.29
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1e":     "sOARecord",             // 0.9.2342.19200300.100.1.30
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x1f":     "cNAMERecord",           // 0.9.2342.19200300.100.1.31
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x25":     "associatedDomain",      // 0.9.2342.19200300.100.1.37
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x26":     "associatedName",        // 0.9.2342.19200300.100.1.38
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x27":     "homePostalAddress",     // 0.9.2342.19200300.100.1.39
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x28":     "personalTitle",         // 0.9.2342.19200300.100.1.40
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x29":     "mobileTelephoneNumber", // 0.9.2342.19200300.100.1.41
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2a":     "pagerTelephoneNumber",  // 0.9.2342.19200300.100.1.42
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2b":     "friendlyCountryName",   // 0.9.2342.19200300.100.1.43
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2c":     "uid",                   // 0.9.2342.19200300.100.1.44
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2d":     "organizationalStatus",  // 0.9.2342.19200300.100.1.45
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2e":     "janetMailbox",          // 0.9.2342.19200300.100.1.46
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2f":     "mailPreferenceOption",  // 0.9.2342.19200300.100.1.47
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x30":     "buildingName",          // 0.9.2342.19200300.100.1.48
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x31":     "dSAQuality",            // 0.9.2342.19200300.100.1.49
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x32":     "singleLevelQuality",    // 0.9.2342.19200300.100.1.50
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x33":     "subtreeMinimumQuality", // 0.9.2342.19200300.100.1.51
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x34":     "subtreeMaximumQuality", // 0.9.2342.19200300.100.1.52
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x35":     "personalSignature",     // 0.9.2342.19200300.100.1.53
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x36":     "dITRedirect",           // 0.9.2342.19200300.100.1.54
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x37":     "audio",                 // 0.9.2342.19200300.100.1.55
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x38":     "documentPublisher",     // 0.9.2342.19200300.100.1.56
	"\x2a\x85\x03\x03\x81\x03\x01\x01":             "INN",                   // 1.2.643.3.131.1.1
	"\x2a\x85\x03\x64\x01":                         "OGRN",                  // 1.2.643.100.1
	"\x2a\x85\x03\x64\x03":                         "SNILS",                 // 1.2.643.100.3
	"\x2a\x85\x03\x64\x05":                         "OGRNIP",                // 1.2.643.100.5
	"\x2a\x85\x03\x64\x6f":                         "subjectSignTool",       // 1.2.643.100.111
	"\x2a\x85\x03\x64\x70":                         "issuerSignTool",        // 1.2.643.100.112
	"\x2a\x85\x03\x64\x71":                         "classSignTool",         // 1.2.643.100.113
	"\x2a\x85\x03\x64\x71\x01":                     "classSignToolKC1",      // 1.2.643.100.113.1
	"\x2a\x85\x03\x64\x71\x02":                     "classSignToolKC2",      // 1.2.643.100.113.2
	"\x2a\x85\x03\x64\x71\x03":                     "classSignToolKC3",      // 1.2.643.100.113.3
	"\x2a\x85\x03\x64\x71\x04":                     "classSignToolKB1",      // 1.2.643.100.113.4
	"\x2a\x85\x03\x64\x71\x05":                     "classSignToolKB2",      // 1.2.643.100.113.5
	"\x2a\x85\x03\x64\x71\x06":                     "classSignToolKA1",      // 1.2.643.100.113.6
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":         "emailAddress",          // 1.2.840.113549.1.9.1
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02":         "unstructuredName",      // 1.2.840.113549.1.9.2
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07":         "challengePassword",     // 1.2.840.113549.1.9.7
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08":         "unstructuredAddress",   // 1.2.840.113549.1.9.8
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14":         "friendlyName",          // 1.2.840.113549.1.9.20
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "jurisdictionL",         // 1.3.6.1.4.1.311.60.2.1.1
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "jurisdictionST",        // 1.3.6.1.4.1.311.60.2.1.2
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "jurisdictionC",         // 1.3.6.1.4.1.311.60.2.1.3
	"\x55\x04":     "X509",                        // 2.5.4
	"\x55\x04\x03": "CN",                          // 2.5.4.3
	"\x55\x04\x04": "SN",                          // 2.5.4.4
	"\x55\x04\x05": "serialNumber",                // 2.5.4.5
	"\x55\x04\x06": "C",                           // 2.5.4.6
	"\x55\x04\x07": "L",                           // 2.5.4.7
	"\x55\x04\x08": "ST",                          // 2.5.4.8
	"\x55\x04\x09": "street",                      // 2.5.4.9
	"\x55\x04\x0a": "O",                           // 2.5.4.10
	"\x55\x04\x0b": "OU",                          // 2.5.4.11
	"\x55\x04\x0c": "title",                       // 2.5.4.12
	"\x55\x04\x0d": "description",                 // 2.5.4.13
	"\x55\x04\x0e": "searchGuide",                 // 2.5.4.14
	"\x55\x04\x0f": "businessCategory",            // 2.5.4.15
	"\x55\x04\x10": "postalAddress",               // 2.5.4.16
	"\x55\x04\x11": "postalCode",                  // 2.5.4.17
	"\x55\x04\x12": "postOfficeBox",               // 2.5.4.18
	"\x55\x04\x13": "physicalDeliveryOfficeName",  // 2.5.4.19
	"\x55\x04\x14": "telephoneNumber",             // 2.5.4.20
	"\x55\x04\x15": "telexNumber",                 // 2.5.4.21
	"\x55\x04\x16": "teletexTerminalIdentifier",   // 2.5.4.22
	"\x55\x04\x17": "facsimileTelephoneNumber",    // 2.5.4.23
	"\x55\x04\x18": "x121Address",                 // 2.5.4.24
	"\x55\x04\x19": "internationaliSDNNumber",     // 2.5.4.25
	"\x55\x04\x1a": "registeredAddress",           // 2.5.4.26
	"\x55\x04\x1b": "destinationIndicator",        // 2.5.4.27
	"\x55\x04\x1c": "preferredDeliveryMethod",     // 2.5.4.28
	"\x55\x04\x1d": "presentationAddress",         // 2.5.4.29
	"\x55\x04\x1e": "supportedApplicationContext", // 2.5.4.30
	"\x55\x04\x1f": "member",                      // 2.5.4.31
	"\x55\x04\x20": "owner",                       // 2.5.4.32
	"\x55\x04\x21": "roleOccupant",                // 2.5.4.33
	"\x55\x04\x22": "seeAlso",                     // 2.5.4.34
	"\x55\x04\x23": "userPassword",                // 2.5.4.35
	"\x55\x04\x24": "userCertificate",             // 2.5.4.36
	"\x55\x04\x25": "cACertificate",               // 2.5.4.37
	"\x55\x04\x26": "authorityRevocationList",     // 2.5.4.38
	"\x55\x04\x27": "certificateRevocationList",   // 2.5.4.39
	"\x55\x04\x28": "crossCertificatePair",        // 2.5.4.40
	"\x55\x04\x29": "name",                        // 2.5.4.41
	"\x55\x04\x2a": "GN",                          // 2.5.4.42
	"\x55\x04\x2b": "initials",                    // 2.5.4.43
	"\x55\x04\x2c": "generationQualifier",         // 2.5.4.44
	"\x55\x04\x2d": "x500UniqueIdentifier",        // 2.5.4.45
	"\x55\x04\x2e": "dnQualifier",                 // 2.5.4.46
	"\x55\x04\x2f": "enhancedSearchGuide",         // 2.5.4.47
	"\x55\x04\x30": "protocolInformation",         // 2.5.4.48
	"\x55\x04\x31": "distinguishedName",           // 2.5.4.49
	"\x55\x04\x32": "uniqueMember",                // 2.5.4.50
	"\x55\x04\x33": "houseIdentifier",             // 2.5.4.51
	"\x55\x04\x34": "supportedAlgorithms",         // 2.5.4.52
	"\x55\x04\x35": "deltaRevocationList",         // 2.5.4.53
	"\x55\x04\x36": "dmdName",                     // 2.5.4.54
	"\x55\x04\x41": "pseudonym",                   // 2.5.4.65
	"\x55\x04\x48": "role",                        // 2.5.4.72
	"\x55\x04\x61": "organizationIdentifier",      // 2.5.4.97
	"\x55\x04\x62": "c3",                          // 2.5.4.98
	"\x55\x04\x63": "n3",                          // 2.5.4.99
	"\x55\x04\x64": "dnsName",                     // 2.5.4.100
}

// algorithmNames are the long names of public key and signature algorithms.
var algorithmNames = map[string]string{
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x04\x15": "pilotDSA",                                           // 0.9.2342.19200300.100.4.21
	"\x2a\x81\x1c\xcf\x55\x01\x82\x2d":         "sm2",                                                // 1.2.156.10197.1.301
	"\x2a\x81\x1c\xcf\x55\x01\x83\x75":         "SM2-with-SM3",                                       // 1.2.156.10197.1.501
	"\x2a\x81\x1c\xcf\x55\x01\x83\x78":         "sm3WithRSAEncryption",                               // 1.2.156.10197.1.504
	"\x2a\x85\x03\x02\x02\x03":                 "GOST R 34.11-94 with GOST R 34.10-2001",             // 1.2.643.2.2.3
	"\x2a\x85\x03\x02\x02\x04":                 "GOST R 34.11-94 with GOST R 34.10-94",               // 1.2.643.2.2.4
	"\x2a\x85\x03\x02\x02\x13":                 "GOST R 34.10-2001",                                  // 1.2.643.2.2.19
	"\x2a\x85\x03\x02\x02\x14":                 "GOST R 34.10-94",                                    // 1.2.643.2.2.20
	"\x2a\x85\x03\x02\x02\x62":                 "GOST R 34.10-2001 DH",                               // 1.2.643.2.2.98
	"\x2a\x85\x03\x02\x02\x63":                 "GOST R 34.10-94 DH",                                 // 1.2.643.2.2.99
	"\x2a\x85\x03\x02\x09\x01\x03\x03":         "GOST R 34.11-94 with GOST R 34.10-94 Cryptocom",     // 1.2.643.2.9.1.3.3
	"\x2a\x85\x03\x02\x09\x01\x03\x04":         "GOST R 34.11-94 with GOST R 34.10-2001 Cryptocom",   // 1.2.643.2.9.1.3.4
	"\x2a\x85\x03\x07\x01\x01\x01\x01":         "GOST R 34.10-2012 with 256 bit modulus",             // 1.2.643.7.1.1.1.1
	"\x2a\x85\x03\x07\x01\x01\x01\x02":         "GOST R 34.10-2012 with 512 bit modulus",             // 1.2.643.7.1.1.1.2
	"\x2a\x85\x03\x07\x01\x01\x02\x02":         "GOST R 34.11-2012 with 256 bit hash",                // 1.2.643.7.1.1.2.2
	"\x2a\x85\x03\x07\x01\x01\x02\x03":         "GOST R 34.11-2012 with 512 bit hash",                // 1.2.643.7.1.1.2.3
	"\x2a\x85\x03\x07\x01\x01\x03\x02":         "GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)", // 1.2.643.7.1.1.3.2
	"\x2a\x85\x03\x07\x01\x01\x03\x03":         "GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)", // 1.2.643.7.1.1.3.3
	"\x2a\x85\x03\x07\x01\x02\x01\x01\x01":     "GOST R 34.10-2012 (256 bit) ParamSet A",             // 1.2.643.7.1.2.1.1.1
	"\x2a\x85\x03\x07\x01\x02\x01\x01\x02":     "GOST R 34.10-2012 (256 bit) ParamSet B",             // 1.2.643.7.1.2.1.1.2
	"\x2a\x85\x03\x07\x01\x02\x01\x01\x03":     "GOST R 34.10-2012 (256 bit) ParamSet C",             // 1.2.643.7.1.2.1.1.3
	"\x2a\x85\x03\x07\x01\x02\x01\x01\x04":     "GOST R 34.10-2012 (256 bit) ParamSet D",             // 1.2.643.7.1.2.1.1.4
	"\x2a\x85\x03\x07\x01\x02\x01\x02\x00":     "GOST R 34.10-2012 (512 bit) testing parameter set",  // 1.2.643.7.1.2.1.2.0
	"\x2a\x85\x03\x07\x01\x02\x01\x02\x01":     "GOST R 34.10-2012 (512 bit) ParamSet A",             // 1.2.643.7.1.2.1.2.1
	"\x2a\x85\x03\x07\x01\x02\x01\x02\x02":     "GOST R 34.10-2012 (512 bit) ParamSet B",             // 1.2.643.7.1.2.1.2.2
	"\x2a\x85\x03\x07\x01\x02\x01\x02\x03":     "GOST R 34.10-2012 (512 bit) ParamSet C",             // 1.2.643.7.1.2.1.2.3
	"\x2a\x86\x48\xce\x38\x04\x01":             "dsaEncryption",                                      // 1.2.840.10040.4.1
	"\x2a\x86\x48\xce\x38\x04\x03":             "dsaWithSHA1",                                        // 1.2.840.10040.4.3
	"\x2a\x86\x48\xce\x3d\x02\x01":             "id-ecPublicKey",                                     // 1.2.840.10045.2.1
	"\x2a\x86\x48\xce\x3d\x04\x01":             "ecdsa-with-SHA1",                                    // 1.2.840.10045.4.1
	"\x2a\x86\x48\xce\x3d\x04\x02":             "ecdsa-with-Recommended",                             // 1.2.840.10045.4.2
	"\x2a\x86\x48\xce\x3d\x04\x03":             "ecdsa-with-Specified",                               // 1.2.840.10045.4.3
	"\x2a\x86\x48\xce\x3d\x04\x03\x01":         "ecdsa-with-SHA224",                                  // 1.2.840.10045.4.3.1
	"\x2a\x86\x48\xce\x3d\x04\x03\x02":         "ecdsa-with-SHA256",                                  // 1.2.840.10045.4.3.2
	"\x2a\x86\x48\xce\x3d\x04\x03\x03":         "ecdsa-with-SHA384",                                  // 1.2.840.10045.4.3.3
	"\x2a\x86\x48\xce\x3d\x04\x03\x04":         "ecdsa-with-SHA512",                                  // 1.2.840.10045.4.3.4
	"\x2a\x86\x48\xce\x3e\x02\x01":             "X9.42 DH",                                           // 1.2.840.10046.2.1
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01":     "rsaEncryption",                                      // 1.2.840.113549.1.1.1
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02":     "md2WithRSAEncryption",                               // 1.2.840.113549.1.1.2
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x03":     "md4WithRSAEncryption",                               // 1.2.840.113549.1.1.3
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04":     "md5WithRSAEncryption",                               // 1.2.840.113549.1.1.4
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05":     "sha1WithRSAEncryption",                              // 1.2.840.113549.1.1.5
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07":     "rsaesOaep",                                          // 1.2.840.113549.1.1.7
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a":     "rsassaPss",                                          // 1.2.840.113549.1.1.10
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b":     "sha256WithRSAEncryption",                            // 1.2.840.113549.1.1.11
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c":     "sha384WithRSAEncryption",                            // 1.2.840.113549.1.1.12
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d":     "sha512WithRSAEncryption",                            // 1.2.840.113549.1.1.13
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e":     "sha224WithRSAEncryption",                            // 1.2.840.113549.1.1.14
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0f":     "sha512-224WithRSAEncryption",                        // 1.2.840.113549.1.1.15
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x10":     "sha512-256WithRSAEncryption",                        // 1.2.840.113549.1.1.16
	"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01":     "dhKeyAgreement",                                     // 1.2.840.113549.1.3.1
	"\x2b\x0e\x03\x02\x03":                     "md5WithRSA",                                         // 1.3.14.3.2.3
	"\x2b\x0e\x03\x02\x0c":                     "dsaEncryption-old",                                  // 1.3.14.3.2.12
	"\x2b\x0e\x03\x02\x0d":                     "dsaWithSHA",                                         // 1.3.14.3.2.13
	"\x2b\x0e\x03\x02\x0f":                     "shaWithRSAEncryption",                               // 1.3.14.3.2.15
	"\x2b\x0e\x03\x02\x1b":                     "dsaWithSHA1-old",                                    // 1.3.14.3.2.27
	"\x2b\x0e\x03\x02\x1d":                     "sha1WithRSA",                                        // 1.3.14.3.2.29
	"\x2b\x24\x03\x03\x01\x02":                 "ripemd160WithRSA",                                   // 1.3.36.3.3.1.2
	"\x2b\x65\x6e":                             "X25519",                                             // 1.3.101.110
	"\x2b\x65\x6f":                             "X448",                                               // 1.3.101.111
	"\x2b\x65\x70":                             "ED25519",                                            // 1.3.101.112
	"\x2b\x65\x71":                             "ED448",                                              // 1.3.101.113
	"\x55\x08\x01\x01":                         "rsa",                                                // 2.5.8.1.1
	"\x55\x08\x03\x64":                         "mdc2WithRSA",                                        // 2.5.8.3.100
	"\x60\x86\x48\x01\x65\x03\x04\x03\x01":     "dsa_with_SHA224",                                    // 2.16.840.1.101.3.4.3.1
	"\x60\x86\x48\x01\x65\x03\x04\x03\x02":     "dsa_with_SHA256",                                    // 2.16.840.1.101.3.4.3.2
	"\x60\x86\x48\x01\x65\x03\x04\x03\x03":     "dsa_with_SHA384",                                    // 2.16.840.1.101.3.4.3.3
	"\x60\x86\x48\x01\x65\x03\x04\x03\x04":     "dsa_with_SHA512",                                    // 2.16.840.1.101.3.4.3.4
	"\x60\x86\x48\x01\x65\x03\x04\x03\x05":     "dsa_with_SHA3-224",                                  // 2.16.840.1.101.3.4.3.5
	"\x60\x86\x48\x01\x65\x03\x04\x03\x06":     "dsa_with_SHA3-256",                                  // 2.16.840.1.101.3.4.3.6
	"\x60\x86\x48\x01\x65\x03\x04\x03\x07":     "dsa_with_SHA3-384",                                  // 2.16.840.1.101.3.4.3.7
	"\x60\x86\x48\x01\x65\x03\x04\x03\x08":     "dsa_with_SHA3-512",                                  // 2.16.840.1.101.3.4.3.8
	"\x60\x86\x48\x01\x65\x03\x04\x03\x09":     "ecdsa_with_SHA3-224",                                // 2.16.840.1.101.3.4.3.9
	"\x60\x86\x48\x01\x65\x03\x04\x03\x0a":     "ecdsa_with_SHA3-256",                                // 2.16.840.1.101.3.4.3.10
	"\x60\x86\x48\x01\x65\x03\x04\x03\x0b":     "ecdsa_with_SHA3-384",                                // 2.16.840.1.101.3.4.3.11
	"\x60\x86\x48\x01\x65\x03\x04\x03\x0c":     "ecdsa_with_SHA3-512",                                // 2.16.840.1.101.3.4.3.12
}

// A curve is a named elliptic curve.
type curve struct {
	name string // OpenSSL's short name
	bits int    // of the group order
}

// curves are the named curves (RFC 5480, SEC 2, ANSI X9.62, RFC 5639).
var curves = map[string]curve{
	"\x2a\x81\x1c\xcf\x55\x01\x82\x2d":     {"SM2", 256},                     // 1.2.156.10197.1.301
	"\x2a\x86\x48\xce\x3d\x03\x00\x01":     {"c2pnb163v1", 163},              // 1.2.840.10045.3.0.1
	"\x2a\x86\x48\xce\x3d\x03\x00\x02":     {"c2pnb163v2", 163},              // 1.2.840.10045.3.0.2
	"\x2a\x86\x48\xce\x3d\x03\x00\x03":     {"c2pnb163v3", 163},              // 1.2.840.10045.3.0.3
	"\x2a\x86\x48\xce\x3d\x03\x00\x04":     {"c2pnb176v1", 176},              // 1.2.840.10045.3.0.4
	"\x2a\x86\x48\xce\x3d\x03\x00\x05":     {"c2tnb191v1", 191},              // 1.2.840.10045.3.0.5
	"\x2a\x86\x48\xce\x3d\x03\x00\x06":     {"c2tnb191v2", 191},              // 1.2.840.10045.3.0.6
	"\x2a\x86\x48\xce\x3d\x03\x00\x07":     {"c2tnb191v3", 191},              // 1.2.840.10045.3.0.7
	"\x2a\x86\x48\xce\x3d\x03\x00\x0a":     {"c2pnb208w1", 208},              // 1.2.840.10045.3.0.10
	"\x2a\x86\x48\xce\x3d\x03\x00\x0b":     {"c2tnb239v1", 239},              // 1.2.840.10045.3.0.11
	"\x2a\x86\x48\xce\x3d\x03\x00\x0c":     {"c2tnb239v2", 239},              // 1.2.840.10045.3.0.12
	"\x2a\x86\x48\xce\x3d\x03\x00\x0d":     {"c2tnb239v3", 239},              // 1.2.840.10045.3.0.13
	"\x2a\x86\x48\xce\x3d\x03\x00\x10":     {"c2pnb272w1", 272},              // 1.2.840.10045.3.0.16
	"\x2a\x86\x48\xce\x3d\x03\x00\x11":     {"c2pnb304w1", 304},              // 1.2.840.10045.3.0.17
	"\x2a\x86\x48\xce\x3d\x03\x00\x12":     {"c2tnb359v1", 359},              // 1.2.840.10045.3.0.18
	"\x2a\x86\x48\xce\x3d\x03\x00\x13":     {"c2pnb368w1", 368},              // 1.2.840.10045.3.0.19
	"\x2a\x86\x48\xce\x3d\x03\x00\x14":     {"c2tnb431r1", 431},              // 1.2.840.10045.3.0.20
	"\x2a\x86\x48\xce\x3d\x03\x01\x01":     {"prime192v1", 192},              // 1.2.840.10045.3.1.1
	"\x2a\x86\x48\xce\x3d\x03\x01\x02":     {"prime192v2", 192},              // 1.2.840.10045.3.1.2
	"\x2a\x86\x48\xce\x3d\x03\x01\x03":     {"prime192v3", 192},              // 1.2.840.10045.3.1.3
	"\x2a\x86\x48\xce\x3d\x03\x01\x04":     {"prime239v1", 239},              // 1.2.840.10045.3.1.4
	"\x2a\x86\x48\xce\x3d\x03\x01\x05":     {"prime239v2", 239},              // 1.2.840.10045.3.1.5
	"\x2a\x86\x48\xce\x3d\x03\x01\x06":     {"prime239v3", 239},              // 1.2.840.10045.3.1.6
	"\x2a\x86\x48\xce\x3d\x03\x01\x07":     {"prime256v1", 256},              // 1.2.840.10045.3.1.7
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x01": {"brainpoolP160r1", 160},         // 1.3.36.3.3.2.8.1.1.1
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x02": {"brainpoolP160t1", 160},         // 1.3.36.3.3.2.8.1.1.2
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x03": {"brainpoolP192r1", 192},         // 1.3.36.3.3.2.8.1.1.3
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x04": {"brainpoolP192t1", 192},         // 1.3.36.3.3.2.8.1.1.4
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x05": {"brainpoolP224r1", 224},         // 1.3.36.3.3.2.8.1.1.5
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x06": {"brainpoolP224t1", 224},         // 1.3.36.3.3.2.8.1.1.6
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x07": {"brainpoolP256r1", 256},         // 1.3.36.3.3.2.8.1.1.7
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x08": {"brainpoolP256t1", 256},         // 1.3.36.3.3.2.8.1.1.8
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x09": {"brainpoolP320r1", 320},         // 1.3.36.3.3.2.8.1.1.9
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0a": {"brainpoolP320t1", 320},         // 1.3.36.3.3.2.8.1.1.10
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b": {"brainpoolP384r1", 384},         // 1.3.36.3.3.2.8.1.1.11
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0c": {"brainpoolP384t1", 384},         // 1.3.36.3.3.2.8.1.1.12
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d": {"brainpoolP512r1", 512},         // 1.3.36.3.3.2.8.1.1.13
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0e": {"brainpoolP512t1", 512},         // 1.3.36.3.3.2.8.1.1.14
	"\x2b\x81\x04\x00\x01":                 {"sect163k1", 163},               // 1.3.132.0.1
	"\x2b\x81\x04\x00\x02":                 {"sect163r1", 163},               // 1.3.132.0.2
	"\x2b\x81\x04\x00\x03":                 {"sect239k1", 239},               // 1.3.132.0.3
	"\x2b\x81\x04\x00\x04":                 {"sect113r1", 113},               // 1.3.132.0.4
	"\x2b\x81\x04\x00\x05":                 {"sect113r2", 113},               // 1.3.132.0.5
	"\x2b\x81\x04\x00\x06":                 {"secp112r1", 112},               // 1.3.132.0.6
	"\x2b\x81\x04\x00\x07":                 {"secp112r2", 112},               // 1.3.132.0.7
	"\x2b\x81\x04\x00\x08":                 {"secp160r1", 160},               // 1.3.132.0.8
	"\x2b\x81\x04\x00\x09":                 {"secp160k1", 160},               // 1.3.132.0.9
	"\x2b\x81\x04\x00\x0a":                 {"secp256k1", 256},               // 1.3.132.0.10
	"\x2b\x81\x04\x00\x0f":                 {"sect163r2", 163},               // 1.3.132.0.15
	"\x2b\x81\x04\x00\x10":                 {"sect283k1", 283},               // 1.3.132.0.16
	"\x2b\x81\x04\x00\x11":                 {"sect283r1", 283},               // 1.3.132.0.17
	"\x2b\x81\x04\x00\x16":                 {"sect131r1", 131},               // 1.3.132.0.22
	"\x2b\x81\x04\x00\x17":                 {"sect131r2", 131},               // 1.3.132.0.23
	"\x2b\x81\x04\x00\x18":                 {"sect193r1", 193},               // 1.3.132.0.24
	"\x2b\x81\x04\x00\x19":                 {"sect193r2", 193},               // 1.3.132.0.25
	"\x2b\x81\x04\x00\x1a":                 {"sect233k1", 233},               // 1.3.132.0.26
	"\x2b\x81\x04\x00\x1b":                 {"sect233r1", 233},               // 1.3.132.0.27
	"\x2b\x81\x04\x00\x1c":                 {"secp128r1", 128},               // 1.3.132.0.28
	"\x2b\x81\x04\x00\x1d":                 {"secp128r2", 128},               // 1.3.132.0.29
	"\x2b\x81\x04\x00\x1e":                 {"secp160r2", 160},               // 1.3.132.0.30
	"\x2b\x81\x04\x00\x1f":                 {"secp192k1", 192},               // 1.3.132.0.31
	"\x2b\x81\x04\x00\x20":                 {"secp224k1", 224},               // 1.3.132.0.32
	"\x2b\x81\x04\x00\x21":                 {"secp224r1", 224},               // 1.3.132.0.33
	"\x2b\x81\x04\x00\x22":                 {"secp384r1", 384},               // 1.3.132.0.34
	"\x2b\x81\x04\x00\x23":                 {"secp521r1", 521},               // 1.3.132.0.35
	"\x2b\x81\x04\x00\x24":                 {"sect409k1", 409},               // 1.3.132.0.36
	"\x2b\x81\x04\x00\x25":                 {"sect409r1", 409},               // 1.3.132.0.37
	"\x2b\x81\x04\x00\x26":                 {"sect571k1", 571},               // 1.3.132.0.38
	"\x2b\x81\x04\x00\x27":                 {"sect571r1", 571},               // 1.3.132.0.39
	"\x67\x2b\x01\x04\x01":                 {"wap-wsg-idm-ecid-wtls1", 113},  // 2.23.43.1.4.1
	"\x67\x2b\x01\x04\x03":                 {"wap-wsg-idm-ecid-wtls3", 163},  // 2.23.43.1.4.3
	"\x67\x2b\x01\x04\x04":                 {"wap-wsg-idm-ecid-wtls4", 113},  // 2.23.43.1.4.4
	"\x67\x2b\x01\x04\x05":                 {"wap-wsg-idm-ecid-wtls5", 163},  // 2.23.43.1.4.5
	"\x67\x2b\x01\x04\x06":                 {"wap-wsg-idm-ecid-wtls6", 112},  // 2.23.43.1.4.6
	"\x67\x2b\x01\x04\x07":                 {"wap-wsg-idm-ecid-wtls7", 160},  // 2.23.43.1.4.7
	"\x67\x2b\x01\x04\x08":                 {"wap-wsg-idm-ecid-wtls8", 112},  // 2.23.43.1.4.8
	"\x67\x2b\x01\x04\x09":                 {"wap-wsg-idm-ecid-wtls9", 160},  // 2.23.43.1.4.9
	"\x67\x2b\x01\x04\x0a":                 {"wap-wsg-idm-ecid-wtls10", 233}, // 2.23.43.1.4.10
	"\x67\x2b\x01\x04\x0b":                 {"wap-wsg-idm-ecid-wtls11", 233}, // 2.23.43.1.4.11
	"\x67\x2b\x01\x04\x0c":                 {"wap-wsg-idm-ecid-wtls12", 224}, // 2.23.43.1.4.12
}

// algName is the name of an algorithm, or its dotted OID.
func algName(oid []byte) string {
	if n, ok := algorithmNames[string(oid)]; ok {
		return n
	}
	return string(appendOID(nil, oid))
}

// sigAlgName is the name of a signature algorithm; Zeek logs none for those
// that OpenSSL does not know.
func sigAlgName(oid []byte) string { return algorithmNames[string(oid)] }

// appendOID writes an OBJECT IDENTIFIER with dots (X.690 section 8.19). Arcs
// beyond 64 bits keep their low bits.
func appendOID(dst, oid []byte) []byte {
	var arc uint64
	first := true
	for _, c := range oid {
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(arc/40, 2)
			dst = strconv.AppendUint(dst, top, 10)
			arc -= top * 40
			first = false
		}
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, arc, 10)
		arc = 0
	}
	return dst
}
