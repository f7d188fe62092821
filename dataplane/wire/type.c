// SPDX-License-Identifier: BSD-3-Clause
/* The table of RR types (IANA DNS parameters registry). */
#include "wire/type.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME HF_FIELD_NAME
#define PLAIN HF_FIELD_NAME_PLAIN
#define U8 HF_FIELD_U8
#define U16 HF_FIELD_U16
#define U32 HF_FIELD_U32
#define IPV4 HF_FIELD_IPV4
#define IPV6 HF_FIELD_IPV6
#define STRING HF_FIELD_STRING
#define REST HF_FIELD_REST

enum { FIELDS_MAX = 10 };

struct type {
	const char *mnemonic;
	uint8_t fields[FIELDS_MAX]; /* none given: REST */
};

/* Names whose place depends on other fields (A6, IPSECKEY, HIP, AMTRELAY) may never be compressed and so are part of
 * REST. */
/* clang-format off */
static const struct type types[] = {
	[1] = { "A", { IPV4 } },
	[2] = { "NS", { NAME } },
	[3] = { "MD", { NAME } },
	[4] = { "MF", { NAME } },
	[5] = { "CNAME", { NAME } },
	[6] = { "SOA", { NAME, NAME, U32, U32, U32, U32, U32 } },
	[7] = { "MB", { NAME } },
	[8] = { "MG", { NAME } },
	[9] = { "MR", { NAME } },
	[10] = { "NULL", { REST } },
	[11] = { "WKS", { IPV4, U8, REST } },
	[12] = { "PTR", { NAME } },
	[13] = { "HINFO", { STRING, STRING } },
	[14] = { "MINFO", { NAME, NAME } },
	[15] = { "MX", { U16, NAME } },
	[16] = { "TXT", { STRING, REST } },
	[17] = { "RP", { PLAIN, PLAIN } },
	[18] = { "AFSDB", { U16, PLAIN } },
	[19] = { "X25", { STRING } },
	[20] = { "ISDN", { STRING, REST } },
	[21] = { "RT", { U16, PLAIN } },
	[22] = { "NSAP", { REST } },
	[23] = { "NSAP-PTR", { PLAIN } },
	[24] = { "SIG", { U16, U8, U8, U32, U32, U32, U16, PLAIN, REST } },
	[25] = { "KEY", { U16, U8, U8, REST } },
	[26] = { "PX", { U16, PLAIN, PLAIN } },
	[27] = { "GPOS", { STRING, STRING, STRING } },
	[28] = { "AAAA", { IPV6 } },
	[29] = { "LOC", { REST } }, /* only version 0 has a known layout */
	[30] = { "NXT", { PLAIN, REST } },
	[31] = { "EID", { REST } },
	[32] = { "NIMLOC", { REST } },
	[33] = { "SRV", { U16, U16, U16, PLAIN } },
	[34] = { "ATMA", { REST } },
	[35] = { "NAPTR", { U16, U16, STRING, STRING, STRING, PLAIN } },
	[36] = { "KX", { U16, PLAIN } },
	[37] = { "CERT", { U16, U16, U8, REST } },
	[38] = { "A6", { U8, REST } },
	[39] = { "DNAME", { PLAIN } },
	[40] = { "SINK", { REST } },
	[41] = { "OPT", { REST } },
	[42] = { "APL", { REST } },
	[43] = { "DS", { U16, U8, U8, REST } },
	[44] = { "SSHFP", { U8, U8, REST } },
	[45] = { "IPSECKEY", { U8, U8, U8, REST } },
	[46] = { "RRSIG", { U16, U8, U8, U32, U32, U32, U16, PLAIN, REST } },
	[47] = { "NSEC", { PLAIN, REST } },
	[48] = { "DNSKEY", { U16, U8, U8, REST } },
	[49] = { "DHCID", { REST } },
	[50] = { "NSEC3", { U8, U8, U16, STRING, STRING, REST } },
	[51] = { "NSEC3PARAM", { U8, U8, U16, STRING } },
	[52] = { "TLSA", { U8, U8, U8, REST } },
	[53] = { "SMIMEA", { U8, U8, U8, REST } },
	[55] = { "HIP", { U8, U8, U16, REST } },
	[56] = { "NINFO", { STRING, REST } },
	[57] = { "RKEY", { U16, U8, U8, REST } },
	[58] = { "TALINK", { PLAIN, PLAIN } },
	[59] = { "CDS", { U16, U8, U8, REST } },
	[60] = { "CDNSKEY", { U16, U8, U8, REST } },
	[61] = { "OPENPGPKEY", { REST } },
	[62] = { "CSYNC", { U32, U16, REST } },
	[63] = { "ZONEMD", { U32, U8, U8, REST } },
	[64] = { "SVCB", { U16, PLAIN, REST } },
	[65] = { "HTTPS", { U16, PLAIN, REST } },
	[66] = { "DSYNC", { U16, U8, U16, PLAIN } },
	[67] = { "HHIT", { REST } },
	[68] = { "BRID", { REST } },
	[99] = { "SPF", { STRING, REST } },
	[100] = { "UINFO", { REST } },
	[101] = { "UID", { REST } },
	[102] = { "GID", { REST } },
	[103] = { "UNSPEC", { REST } },
	[104] = { "NID", { U16, U32, U32 } },
	[105] = { "L32", { U16, IPV4 } },
	[106] = { "L64", { U16, U32, U32 } },
	[107] = { "LP", { U16, PLAIN } },
	[108] = { "EUI48", { U32, U16 } },
	[109] = { "EUI64", { U32, U32 } },
	[128] = { "NXNAME", { REST } },
	[249] = { "TKEY", { PLAIN, REST } },
	[250] = { "TSIG", { PLAIN, REST } },
	[251] = { "IXFR", { REST } },
	[252] = { "AXFR", { REST } },
	[253] = { "MAILB", { REST } },
	[254] = { "MAILA", { REST } },
	[255] = { "ANY", { REST } },
	[256] = { "URI", { U16, U16, REST } },
	[257] = { "CAA", { U8, STRING, REST } },
	[258] = { "AVC", { STRING, REST } },
	[259] = { "DOA", { U32, U32, U8, STRING, REST } },
	[260] = { "AMTRELAY", { U8, U8, REST } },
	[261] = { "RESINFO", { STRING, REST } },
	[262] = { "WALLET", { STRING, REST } },
	[263] = { "CLA", { STRING, REST } },
	[264] = { "IPN", { U32, U32 } },
};
/* clang-format on */

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

/* The two that stand far from all others. */
static const struct {
	uint16_t type;
	struct type entry;
} distant_types[] = {
	{32768, {"TA", {U16, U8, U8, REST}}},
	{32769, {"DLV", {U16, U8, U8, REST}}},
};

static const struct type *find(uint16_t type)
{
	if (type < TYPE_COUNT)
		return types[type].mnemonic ? &types[type] : NULL;
	for (size_t i = 0; i < sizeof(distant_types) / sizeof(distant_types[0]); i++)
		if (distant_types[i].type == type)
			return &distant_types[i].entry;
	return NULL;
}

const uint8_t *hf_type_fields(uint16_t type)
{
	static const uint8_t unknown[] = {HF_FIELD_REST, HF_FIELD_END};
	const struct type *entry = find(type);

	return entry ? entry->fields : unknown;
}

const char *hf_type_to_text(uint16_t type, char out[HF_TYPE_TEXT_MAX])
{
	const struct type *entry = find(type);

	if (entry)
		snprintf(out, HF_TYPE_TEXT_MAX, "%s", entry->mnemonic);
	else
		snprintf(out, HF_TYPE_TEXT_MAX, "TYPE%u", type);
	return out;
}

/* "TYPEnnn", RFC 3597 §5. */
static bool number_from_text(const char *text, uint16_t *type)
{
	unsigned value = 0;

	if (strncasecmp(text, "TYPE", 4) != 0 || !text[4])
		return false;
	for (text += 4; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*type = (uint16_t)value;
	return true;
}

bool hf_type_from_text(const char *text, uint16_t *type)
{
	for (unsigned i = 0; i < TYPE_COUNT; i++) {
		if (types[i].mnemonic && strcasecmp(text, types[i].mnemonic) == 0) {
			*type = (uint16_t)i;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(distant_types) / sizeof(distant_types[0]); i++) {
		if (strcasecmp(text, distant_types[i].entry.mnemonic) == 0) {
			*type = distant_types[i].type;
			return true;
		}
	}
	return number_from_text(text, type);
}

const char *hf_rcode_to_text(unsigned rcode)
{
	static const char *const names[] = {
		[0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
		[5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",	[8] = "NXRRSET",   [9] = "NOTAUTH",
		[10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
		[19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",	[22] = "BADTRUNC", [23] = "BADCOOKIE",
	};

	if (rcode < sizeof(names) / sizeof(names[0]) && names[rcode])
		return names[rcode];
	return "RESERVED";
}
