// SPDX-License-Identifier: BSD-3-Clause
/* A resolver's own copy of its settings, with all they point to. */
#pragma once
#include <stdbool.h>
#include "resolver/resolver.h"

/* False without memory; `copy` is then empty. */
bool hf_config_copy_make(struct hf_resolver_config *copy, const struct hf_resolver_config *config);
void hf_config_copy_free(struct hf_resolver_config *copy);
