// SPDX-License-Identifier: BSD-3-Clause
/* What clients get beside answers: cookies (RFC 7873, 9018), NSID (RFC 5001), their share of TCP. Made whole from the
 * configuration file, published by pointer, never changed. */
#pragma once
#include "control/config.h"
#include "wire/cookie.h"
#include "wire/message.h"

enum { HF_NSID_MAX = 128 };

struct hf_clients {
	bool cookies;	      /* given to who sends one */
	bool require_cookies; /* over UDP nobody gets an answer without */
	struct hf_cookie_secrets secrets;
	uint16_t nsid_length; /* 0: none */
	uint8_t nsid[HF_NSID_MAX];
	unsigned tcp_per_source; /* connections; 0: no bound */
	unsigned tcp_queries;	 /* on one connection; 0: no bound */
};

/* `drawn` is the secret of a file that names none: of this process, so that a reload does not void its cookies. NULL on a
 * fault, with a text that names the key in `error`. */
struct hf_clients *hf_clients_new(const struct hf_config *config, const uint8_t drawn[HF_SIPHASH_KEY],
				  char error[HF_CONFIG_ERROR_MAX]);
void hf_clients_free(struct hf_clients *clients); /* wipes the secrets; NULL is fine */

/* Makes of what a query asks for what its reply tells. `clients` NULL: nothing. */
void hf_clients_answer_options(const struct hf_clients *clients, struct hf_query_options *options,
			       const struct hf_address *client, bool tcp, uint16_t keepalive, int64_t wall_s);
