// Conditions. Written for the differential test.
import "math"
import "hash"
import "time"
import "console"

rule size_small { condition: filesize < 1KB }
rule size_large { condition: filesize > 100KB and filesize < 10MB }
rule arithmetic { condition: 7 \ 2 == 3 and 7 % 4 == 3 and -7 + 10 == 3 and 1.5 * 2 == 3.0 and 0x10 == 16 and 0o17 == 15 }
rule bits { condition: 6 & 3 == 2 or (6 & 3) == 2 and (6 | 1) == 7 and (6 ^ 3) == 5 and ~0 == -1 and 1 << 4 == 16 and 256 >> 4 == 16 and 1 << 64 == 0 }
rule precedence { condition: not filesize == 0 and 1 + 2 * 3 == 7 }
rule reads { condition: uint16(0) == 0x5A4D or uint32be(0) == 0x68656164 or int8(0) < 0 }
rule reads_far { condition: uint32(filesize - 4) == 0x6C696174 }
rule reads_outside { condition: uint32(filesize) == 0 or not defined uint8(filesize) }
rule count_range { strings: $a = "needle" condition: #a in (0..100) == 1 }
rule found_range { strings: $a = "needle" condition: $a in (10..filesize) }
rule offsets { strings: $a = "needle" condition: @a == @a[1] and @a[2] > @a[1] and !a[1] == 6 and not defined @a[100000] }
rule of_all { strings: $a = "needle" $b = "haystack" condition: all of them }
rule of_none { strings: $a = "nothing here" $b = "nor there" condition: none of them }
rule of_percent { strings: $a = "needle" $b = "haystack" $c = "absent!" condition: 60% of them }
rule of_wild { strings: $a1 = "needle" $a2 = "absent!" $b = "haystack" condition: 1 of ($a*) and any of ($b, $a2) }
rule of_range { strings: $a = "needle" $b = "haystack" condition: any of them in (0..50) }
rule of_number { strings: $a = "needle" $b = "haystack" condition: (1 + 1) of ($a, $b) }
rule for_of { strings: $a = "needle" $b = "haystack" condition: for all of them : ( # > 0 and @ < filesize ) }
rule for_of_at { strings: $a = "head" $b = "MZ" condition: for any of ($a, $b) : ( $ at 0 ) }
rule for_of_in { strings: $a = "needle" $b = "haystack" condition: for 1 of them : ( $ in (0..filesize) and !>5 ) }
rule for_in_range { strings: $a = "needle" condition: for any i in (1..#a) : ( @a[i] > 20 ) }
rule for_in_list { condition: for any i in (0, 2, 4) : ( uint8(i) == 0x61 ) }
rule for_in_all { condition: for all i in (0..3) : ( uint8(i) > 0x20 ) }
rule for_in_some { condition: for 2 i in (0..7) : ( uint8(i) == 0x65 or uint8(i) == 0x61 ) }
rule for_nested { condition: for any i in (0..3) : ( for any j in (0..3) : ( i != j and uint8(i) == uint8(j) ) ) }
rule for_empty { condition: for all i in (5..1) : ( true ) }
rule texts { condition: "needle" contains "eed" and "needle" icontains "EED" and "needle" startswith "ne" and "needle" iendswith "LE" and "a" iequals "A" and "b" > "a" }
rule text_matches { condition: "needle" matches /^n.+e$/ and not "needle" matches /x/ and "NEEDLE" matches /dle/i }
rule entropy_high { condition: math.entropy(0, filesize) > 7.0 }
rule entropy_text { condition: math.entropy("aaaabbbb") == 1.0 }
rule deviation { condition: math.deviation(0, filesize, math.MEAN_BYTES) > 60.0 and math.mean(0, filesize) < 140.0 }
rule serial { condition: math.serial_correlation(0, filesize) > 0.2 }
rule montecarlo { condition: math.monte_carlo_pi(0, filesize) < 0.1 }
rule math_small { condition: math.min(3, 4) == 3 and math.max(3, 4) == 4 and math.abs(-5) == 5 and math.to_number(1 == 1) == 1 and math.in_range(1.5, 1.0, 2.0) }
rule math_count { condition: math.count(0x65) > 3 and math.count(0x65, 0, 100) < 50 and math.percentage(0x00) < 0.5 and math.mode() > 0 }
rule hashes { condition: hash.md5("needle") == "db44ef2d0e8e8bd9f0e7e1b1a3f2cdc9" or hash.sha1("a") == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" }
rule hash_file { condition: hash.md5(0, filesize) == hash.md5(0, filesize) and hash.sha256(0, 10) != hash.sha256(0, 11) and hash.crc32(0, 4) != 0 and hash.checksum32(0, filesize) > 100 }
rule now { condition: time.now() > 1000000 }
rule logs { condition: console.log("x") and console.log("n ", 3) and console.hex(255) }
rule externals { condition: extension == "x" or filename matches /x/ }
rule undefined_or { condition: uint8(filesize + 10) == 1 or filesize > 0 }
rule undefined_not { condition: not (uint8(filesize + 10) == 1) }
private rule hidden { strings: $a = "needle" condition: $a }
rule uses_hidden { condition: hidden and filesize > 0 }
rule prefix_one { strings: $a = "needle" condition: $a }
rule prefix_two { condition: false }
rule of_rules { condition: any of (prefix_*) }
rule tagged : one two three { meta: s = "text" n = -5 b = true condition: filesize > 5 }
