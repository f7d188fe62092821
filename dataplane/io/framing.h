// SPDX-License-Identifier: BSD-3-Clause
/* DNS over a byte stream: each message behind two octets with its length, network order (RFC 1035 §4.2.2). Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { HF_FRAMING_PREFIX = 2 };

static inline void hf_framing_write_prefix(uint8_t prefix[HF_FRAMING_PREFIX], size_t length)
{
	prefix[0] = (uint8_t)(length >> 8);
	prefix[1] = (uint8_t)length;
}

static inline size_t hf_framing_read_prefix(const uint8_t prefix[HF_FRAMING_PREFIX])
{
	return (size_t)prefix[0] << 8 | prefix[1];
}

enum hf_framing {
	HF_FRAMING_PARTIAL, /* more octets are needed */
	HF_FRAMING_MESSAGE, /* the first message is whole */
	HF_FRAMING_FAULT,   /* its length is 0 or above `largest`: the stream is of no use from here on */
};

/* Looks at the first message in `bytes`; when whole, *message and *length say where it is. A fault shows as soon
 * as the prefix is there. */
static inline enum hf_framing hf_framing_next(const uint8_t *bytes, size_t available, size_t largest,
					      const uint8_t **message, size_t *length)
{
	size_t wanted;

	if (available < HF_FRAMING_PREFIX)
		return HF_FRAMING_PARTIAL;
	wanted = hf_framing_read_prefix(bytes);
	if (wanted == 0 || wanted > largest)
		return HF_FRAMING_FAULT;
	if (available - HF_FRAMING_PREFIX < wanted)
		return HF_FRAMING_PARTIAL;
	*message = bytes + HF_FRAMING_PREFIX;
	*length = wanted;
	return HF_FRAMING_MESSAGE;
}
