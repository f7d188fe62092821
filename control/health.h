// SPDX-License-Identifier: BSD-3-Clause
/* Would a query be answered? Asked the way a client asks. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/address.h"

/* Sends ". NS", RD=1, to `address` over UDP or TCP and waits for a NOERROR or NXDOMAIN that matches it. Blocks up to
 * `timeout_ms`; any thread. False: `reason` says why, one line. A wildcard address is asked over loopback. */
bool hf_health_ask(const struct hf_address *address, bool tcp, int timeout_ms, char *reason, size_t reason_size);
