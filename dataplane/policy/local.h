// SPDX-License-Identifier: BSD-3-Clause
/* Names that are answered here and not by the servers of the tree: local data, and zones with a rule for all names in them.
 *
 * A table is made once (hf_local_new, add…, finish) by one thread and is constant from then on: any number of threads look into it.
 * References are counted; the last one to go frees it. A thread that reads it without a reference (a packet worker) does so between
 * two quiescent states, and whoever takes the table out of its reach waits for a grace period before dropping the reference.
 *
 * The rule of a name is that of the closest zone at or above it; data outside of all zones are as in a transparent one. Semantics are those
 * of Unbound's local-zone and local-data, with two differences: a CNAME among the data is followed (a stub resolver could not), and
 * "*" is a wildcard (RFC 4592).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "wire/rrset.h"

enum hf_local_type {
	HF_LOCAL_TRANSPARENT,	   /* names with data are answered, a type they lack is NODATA; others go down the tree */
	HF_LOCAL_TYPE_TRANSPARENT, /* the same, but for a type they lack the tree is asked too */
	HF_LOCAL_STATIC,	   /* there is nothing but the data: NODATA or NXDOMAIN */
	HF_LOCAL_REDIRECT,	   /* a name without data of its own has those of the zone's name */
	HF_LOCAL_REFUSE,	   /* what is not among the data is REFUSED */
	HF_LOCAL_DROP,		   /* … gets no reply */
	HF_LOCAL_NXDOMAIN,	   /* nothing exists, data are not looked at */
	HF_LOCAL_NODATA,	   /* every name exists and has no data */
	HF_LOCAL_NONE,		   /* no zone here, although a special-use one is here or above */
	HF_LOCAL_TYPE_COUNT,
};
/* As in the configuration: "transparent", "type-transparent" … NULL-terminated, by the numbers above. */
extern const char *const hf_local_type_texts[HF_LOCAL_TYPE_COUNT + 1];

struct hf_local;

/* ---- making one ---- */

/* Where a zone or data come from. */
enum hf_local_origin {
	HF_LOCAL_CONFIGURED,
	HF_LOCAL_HOSTS,	      /* a hosts file: answers do not have AA, and its names are no zone with an SOA */
	HF_LOCAL_SPECIAL_USE, /* gives way to what is configured */
};

struct hf_local *hf_local_new(void); /* with one reference; NULL without memory */

/* These return NULL, or a constant text that says what is wrong. Names in any case; everything is copied. A special-use zone that is there
 * already stays as it is. */
const char *hf_local_add_zone(struct hf_local *local, const uint8_t *name, enum hf_local_type type,
			      enum hf_local_origin origin);
const char *hf_local_add_data(struct hf_local *local, const struct hf_rrset *rrset, enum hf_local_origin origin);
bool hf_local_has_zone(const struct hf_local *local, const uint8_t *name);
/* Whether a zone is above the name, and the closest one is for special use. */
bool hf_local_in_special_use(const struct hf_local *local, const uint8_t *name);
bool hf_local_has_data(const struct hf_local *local, const uint8_t *name, uint16_t type);
/* After the last addition. On a fault, `*where` is the name it is about. Zones whose rule has negative answers get an SOA when their data
 * bring none. */
const char *hf_local_finish(struct hf_local *local, const uint8_t **where);

/* Texts for id.server and version.server (policy/chaos.h), at most 255 octets each; NULL or empty: none. */
bool hf_local_set_server(struct hf_local *local, const char *identity, const char *version);
const char *hf_local_identity(const struct hf_local *local);
const char *hf_local_version(const struct hf_local *local);

struct hf_local *hf_local_hold(struct hf_local *local); /* returns it; NULL is fine */
void hf_local_drop(struct hf_local *local);		/* NULL is fine */

/* A number that a table which answers otherwise would not have; the same in every process. */
uint64_t hf_local_content(const struct hf_local *local); /* NULL: 0 */

/* ---- looking into it ---- */

enum hf_local_verdict {
	HF_LOCAL_UNKNOWN, /* nothing is said here: the cache and the tree know */
	HF_LOCAL_ANSWER,  /* `sets` */
	HF_LOCAL_ALIAS,	  /* sets[0] is a CNAME of the name, or a DNAME above it */
	HF_LOCAL_EMPTY,	  /* NODATA */
	HF_LOCAL_ABSENT,  /* NXDOMAIN */
	HF_LOCAL_REFUSED,
	HF_LOCAL_DROPPED,
};

struct hf_local_found {
	enum hf_local_verdict verdict;
	const struct hf_rrset *const *sets;
	unsigned count;
	bool other_owner; /* the owner of `sets` is another: the name asked for is to stand there (redirect, wildcard) */
	bool authoritative;
	const struct hf_rrset *soa; /* with the TTL of negative answers (RFC 2308 §5); NULL for none */
	const uint8_t *zone;	    /* whose rule it is; NULL: outside of all zones */
	enum hf_local_type type;    /* of that zone */
	enum hf_local_origin origin;
};

/* `name` in any case, of class IN. Sets *found whatever the verdict is, which is returned as well. `local` may be NULL. */
enum hf_local_verdict hf_local_find(const struct hf_local *local, const uint8_t *name, uint16_t type,
				    struct hf_local_found *found);
