// SPDX-License-Identifier: BSD-3-Clause
/* Giving up what only the start needs. Main thread, before any other runs (capabilities are per thread and inherited).
 */
#pragma once
#include <stdbool.h>
#include "control/config.h"
#include "io/io.h"

/* Becomes `config->user` (empty: stays who it is), keeping of root's capabilities only what the back end and a late
 * look at the pins need. Never regains any by exec. False with a text in `error`. */
bool hf_privileges_drop(const struct hf_config *config, char error[HF_IO_ERROR_MAX]);

/* Lifts the soft limit of open files to the hard one and returns it. */
unsigned hf_privileges_raise_files(void);
