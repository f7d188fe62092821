// SPDX-License-Identifier: BSD-3-Clause
/* DNS cookies towards servers (RFC 7873, RFC 9018): a client cookie of our own for each server address, and the server cookie that it gave.
 *
 * COOKIE option (code 10): 8 octets of client cookie, then none or 8 to 32 of server cookie.
 *
 * Client cookies are drawn by chance and remembered (RFC 7873 Appendix A.1 allows it): they leave no secret to be found out from
 * those that a hostile server is sent, and tell nothing of other servers.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "base/random.h"

enum { HF_COOKIE_CLIENT_SIZE = 8, HF_COOKIE_SERVER_MIN = 8, HF_COOKIE_SERVER_MAX = 32 };
#define HF_COOKIE_OPTION_MAX (4 + HF_COOKIE_CLIENT_SIZE + HF_COOKIE_SERVER_MAX)
#define HF_COOKIE_LIFE_NS (86400 * HF_NS_PER_SECOND) /* of a client cookie; RFC 7873 §7.1 asks for 36 days at most */

/* Of one server; zeroed: none yet. */
struct hf_cookie {
	uint64_t drawn_ns;
	uint8_t client[HF_COOKIE_CLIENT_SIZE];
	uint8_t server[HF_COOKIE_SERVER_MAX];
	uint8_t server_length; /* 0: gave none */
};

/* Draws the client cookie, if there is none or it is old. */
void hf_cookie_refresh(struct hf_cookie *cookie, const struct hf_random *random, struct hf_now now);

/* Puts the option into the OPT that ends the query of `length` octets. Returns the new length; `message` has room. */
size_t hf_cookie_append(uint8_t *message, size_t length, const struct hf_cookie *cookie);

enum hf_cookie_verdict {
	HF_COOKIE_ABSENT,
	HF_COOKIE_GOOD,	 /* ours came back */
	HF_COOKIE_WRONG, /* another client's, or of a size that no cookie has: RFC 7873 §5.3, not to be looked at */
};
/* Looks for the option in a reply. `server` points into it, for HF_COOKIE_GOOD; its length may be 0. */
enum hf_cookie_verdict hf_cookie_check(const uint8_t *message, size_t length,
				       const uint8_t client[HF_COOKIE_CLIENT_SIZE], const uint8_t **server,
				       size_t *server_length);
void hf_cookie_learn(struct hf_cookie *cookie, const uint8_t *server, size_t server_length);
