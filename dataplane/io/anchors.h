// SPDX-License-Identifier: BSD-3-Clause
/* Trust anchors in zone-file form: DS and DNSKEY records. */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "control/config.h"
#include "dnssec/anchors.h"

enum { HF_ANCHOR_RECORDS_MAX = 256 };

/* Records as RRsets of one each; memory is the arena's. */
struct hf_anchor_records {
	const struct hf_rrset *sets[HF_ANCHOR_RECORDS_MAX];
	unsigned count;
};

/* Adds the record of one line. NULL, or what is wrong with it. */
const char *hf_anchors_add_line(const char *line, struct hf_arena *arena, struct hf_anchor_records *records);
/* Adds those of a file. False with an error that names file and line. A file without any is one. */
bool hf_anchors_add_file(const char *path, struct hf_arena *arena, struct hf_anchor_records *records,
			 char error[HF_CONFIG_ERROR_MAX]);
