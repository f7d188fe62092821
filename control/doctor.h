// SPDX-License-Identifier: BSD-3-Clause
/* What this machine lacks for this configuration, and how to mend it. Needs no running daemon. Blocks up to a few
 * seconds; any thread. */
#pragma once
#include <jansson.h>

/* Reads `config_path` (NULL: takes the defaults) and checks. {checks: [{name, ok, text, mend}]}: `text` says what was
 * found, `mend` what to do (empty when nothing; a good check may carry advice). NULL without memory. */
json_t *hf_doctor_run(const char *config_path);
