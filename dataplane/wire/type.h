// SPDX-License-Identifier: BSD-3-Clause
/* Numbers of the IANA DNS parameters registry, and what the wire code knows of each RR type:
 * its mnemonic, and which parts of its RDATA are names (RFC 3597 §4 says which of those may
 * arrive compressed and which may be sent compressed). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf_type {
	HF_TYPE_A = 1, HF_TYPE_NS = 2, HF_TYPE_CNAME = 5, HF_TYPE_SOA = 6, HF_TYPE_PTR = 12,
	HF_TYPE_MX = 15, HF_TYPE_TXT = 16, HF_TYPE_SIG = 24, HF_TYPE_KEY = 25, HF_TYPE_AAAA = 28,
	HF_TYPE_SRV = 33, HF_TYPE_NAPTR = 35, HF_TYPE_DNAME = 39, HF_TYPE_OPT = 41, HF_TYPE_DS = 43,
	HF_TYPE_RRSIG = 46, HF_TYPE_NSEC = 47, HF_TYPE_DNSKEY = 48, HF_TYPE_NSEC3 = 50,
	HF_TYPE_NSEC3PARAM = 51, HF_TYPE_TLSA = 52, HF_TYPE_SVCB = 64, HF_TYPE_HTTPS = 65,
	HF_TYPE_TKEY = 249, HF_TYPE_TSIG = 250, HF_TYPE_IXFR = 251, HF_TYPE_AXFR = 252,
	HF_TYPE_MAILB = 253, HF_TYPE_MAILA = 254, HF_TYPE_ANY = 255,
};

enum hf_class { HF_CLASS_IN = 1, HF_CLASS_CH = 3, HF_CLASS_HS = 4, HF_CLASS_NONE = 254, HF_CLASS_ANY = 255 };

enum hf_rcode {
	HF_RCODE_NOERROR = 0, HF_RCODE_FORMERR = 1, HF_RCODE_SERVFAIL = 2, HF_RCODE_NXDOMAIN = 3,
	HF_RCODE_NOTIMP = 4, HF_RCODE_REFUSED = 5, HF_RCODE_YXDOMAIN = 6, HF_RCODE_BADVERS = 16, HF_RCODE_BADCOOKIE = 23,
};

/* RDATA as a sequence of fields, read by the parser and the builder alike. */
enum hf_rdata_field {
	HF_FIELD_END = 0,
	HF_FIELD_NAME,		 /* may arrive compressed, may be sent compressed (RFC 1035 types) */
	HF_FIELD_NAME_PLAIN,	 /* may arrive compressed (RFC 3597 §4), sent uncompressed */
	HF_FIELD_U8, HF_FIELD_U16, HF_FIELD_U32, HF_FIELD_IPV4, HF_FIELD_IPV6,
	HF_FIELD_STRING,	 /* one <character-string> */
	HF_FIELD_REST,		 /* anything up to the end of RDATA, also nothing */
};

/* Fields of `type`, ended by HF_FIELD_END; unknown types are one HF_FIELD_REST. */
const uint8_t *hf_type_fields(uint16_t type);

/* "A", "HTTPS", or "TYPE65280" (RFC 3597 §5) into out; returns out. */
#define HF_TYPE_TEXT_MAX 16
const char *hf_type_to_text(uint16_t type, char out[HF_TYPE_TEXT_MAX]);
bool hf_type_from_text(const char *text, uint16_t *type); /* any case; TYPEnnn too */
const char *hf_rcode_to_text(unsigned rcode);		  /* "NOERROR" …; "RCODE" + number is "RESERVED" */

/* Meta types and QTYPEs are never stored in a cache (RFC 6895 §3.1: 128–255 and OPT; 0 is reserved). */
static inline bool hf_type_is_meta(uint16_t type)
{
	return type == 0 || type == HF_TYPE_OPT || (type >= 128 && type <= 255);
}
