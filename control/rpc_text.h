// SPDX-License-Identifier: BSD-3-Clause
/* Error texts quote files, paths and requests, and are cut at the end of a buffer: what comes out need not be UTF-8, and JSON
 * knows nothing else.
 */
#pragma once
#include <jansson.h>

/* `text` as a JSON string in which '?' stands for octets that are not UTF-8. NULL when out of memory. Any thread. */
json_t *hf_rpc_text(const char *text);
