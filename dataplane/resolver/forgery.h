// SPDX-License-Identifier: BSD-3-Clause
/* Floods of forged replies. Each exchange counts the replies that do not match it (HF_FORGERY_EXCHANGE_MAX, then it is repeated over TCP);
 * here they are summed up for each server address and for all. Past `spoof_threshold` in ten seconds a server is asked over
 * TCP alone for a minute, past ten times that all are: an attacker who spreads his guesses over many questions gets
 * no more of them than one who aims at one.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "resolver/exchange.h"
#include "resolver/servers.h"

enum { HF_FORGERY_EXCHANGE_MAX = 20, HF_FORGERY_OVERALL_TIMES = 10 };
#define HF_FORGERY_WINDOW_NS (10 * HF_NS_PER_SECOND)
#define HF_FORGERY_TCP_NS (60 * HF_NS_PER_SECOND)

struct hf_resolver;

/* A reply did not match. True when the exchange is to be given up for one over TCP. */
bool hf_forgery_note(struct hf_resolver *resolver, struct hf_exchange *exchange);
/* Whether the server is asked over TCP alone at present: for its own sake, or as all are. A server that does not listen on TCP is asked
 * over UDP in the second case. */
bool hf_forgery_wants_tcp(const struct hf_resolver *resolver, const struct hf_server *server);
