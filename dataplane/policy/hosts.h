// SPDX-License-Identifier: BSD-3-Clause
/* The lines of a hosts file, hosts(5): an address, then names of the host it belongs to. */
#pragma once
#include "base/arena.h"
#include "policy/local.h"

#define HF_HOSTS_TTL 3600

/* One line, without its newline, into the table: A or AAAA for each name, and PTR for the address: the first name of its first line. A
 * comment ("#") or an empty line adds nothing; nor does an address with a scope ("fe80::1%eth0"), which no record can hold. 0.0.0.0 and :: get
 * no PTR: lists of names to block put thousands of names there. `scratch` is used and reset. Returns NULL, or a constant text that says
 * what is wrong. */
const char *hf_hosts_add_line(struct hf_local *local, const char *line, struct hf_arena *scratch);
