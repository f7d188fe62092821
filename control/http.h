// SPDX-License-Identifier: BSD-3-Clause
/* HTTP on loopback: GET /metrics and GET /healthz. */
#pragma once
#include "base/address.h"

struct hf_control;
struct hf_http;

#define HF_HTTP_ERROR_MAX 256

/* NULL on a fault, with the text in `error`. Requests are served by threads of its own. */
struct hf_http *hf_http_start(struct hf_control *control, const struct hf_address *address,
			      char error[HF_HTTP_ERROR_MAX]);
void hf_http_stop(struct hf_http *http); /* waits for requests under way; NULL is fine */
