// SPDX-License-Identifier: BSD-3-Clause
/* The options of the configuration file as rows; private to the configuration library. Reading a file, comparing two
 * configurations and writing the reference all walk the same rows, so an option cannot exist for one and not for
 * another.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/config.h"

enum hf_option_kind {
	HF_OPTION_BOOLEAN,
	HF_OPTION_INTEGER,
	HF_OPTION_BYTES,  /* integer with an optional K, M, G or T (powers of 1024) */
	HF_OPTION_CHOICE, /* one of `choices`; stored as its index */
	HF_OPTION_TEXT,
	HF_OPTION_PATH,	     /* not empty; relative ones count from the working directory */
	HF_OPTION_ADDRESS,   /* `min` is the family wanted, 0 for both; `max` the port when none is given */
	HF_OPTION_ADDRESSES, /* list of them; fills config->listen */
	HF_OPTION_ROUTES,    /* fills config->routes */
	HF_OPTION_ACCESS,    /* fills config->access */
	HF_OPTION_LOCAL_DATA, /* fills config->local_data */
	HF_OPTION_LOCAL_ZONES, /* fills config->local_zones */
	HF_OPTION_PRIVATE_ADDRESSES,
	HF_OPTION_DO_NOT_QUERY, /* fills config->do_not_query */
	HF_OPTION_PRIVATE_DOMAINS,
	HF_OPTION_TRUST_ANCHORS, /* fills config->trust_anchors */
	HF_OPTION_NTAS,		 /* fills config->ntas */
	HF_OPTION_DNS64_IGNORE, /* fills config->dns64_ignore_aaaa */
};

struct hf_option {
	const char *section; /* "" for the top level */
	const char *key;
	enum hf_option_kind kind;
	bool reload;	      /* takes effect on reload, without a restart */
	uint16_t offset;      /* into struct hf_config */
	uint16_t size;	      /* of that field */
	uint64_t min, max;    /* integers: bounds; text and paths: bounds of the length */
	const char *fallback; /* the default, as it would stand in the file; NULL: required, or an empty list */
	const char *const *choices;
	const char *meaning;
};

extern const struct hf_option hf_options[];
extern const size_t hf_option_count;

/* What a value may be, for messages and the reference: "1 to 64", "true, false, yes, no" … */
#define HF_OPTION_ALLOWED_MAX 128
const char *hf_option_allowed(const struct hf_option *option, char out[HF_OPTION_ALLOWED_MAX]);
