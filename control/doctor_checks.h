// SPDX-License-Identifier: BSD-3-Clause
/* What the doctor's files share; nobody else includes it. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include "control/config.h"

/* Adds one check. `mend` is "" when there is nothing to do; a good check may carry advice in it. */
void hf_doctor_add(json_t *checks, const char *name, bool ok, const char *mend, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The interface, its driver and MTU, XDP on it, its queues. Only called when `config` needs an interface. */
void hf_doctor_check_interface(json_t *checks, const struct hf_config *config);
/* The BPF file system and what the kernel can do. Only called with a fast path or AF_XDP. */
void hf_doctor_check_bpf(json_t *checks, const struct hf_config *config);
/* Each listen address is this host's, and nobody else holds its port. */
void hf_doctor_check_listen(json_t *checks, const struct hf_config *config, bool dataplane_runs);
