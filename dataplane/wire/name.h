// SPDX-License-Identifier: BSD-3-Clause
/* Domain names in uncompressed wire form (RFC 1035 §3.1): length-prefixed labels
 * ending in the root label. A `const uint8_t *name` anywhere in the core is such a
 * name and is valid: it was checked where it came in (hf_name_parse, hf_name_from_text).
 * Comparison is without case for ASCII letters only (RFC 4343).
 * All functions may be called by any thread; none allocates.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_NAME_MAX 255	      /* octets, root label included (RFC 1035 §2.3.4) */
#define HF_LABEL_MAX 63	      /* octets in one label */
#define HF_NAME_LABELS_MAX 127 /* labels beside the root */
#define HF_NAME_TEXT_MAX 1021 /* every octet as \DDD, dots, NUL */

extern const uint8_t hf_name_root[1];

static inline uint8_t hf_name_lower_octet(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
}

/* Reads a possibly compressed name at message[*offset], follows pointers (strictly backwards, so loops are impossible;
 * at most 127 of them, so work is bounded), writes it uncompressed to `out` with its case kept.
 * On success returns its length and moves *offset behind the name as it stands in the
 * message; on any fault (truncated, forward pointer, reserved label type, over 255 octets)
 * returns 0 and leaves *offset alone. */
size_t hf_name_parse(const uint8_t *message, size_t length, size_t *offset, uint8_t out[HF_NAME_MAX]);

/* Presentation form (RFC 1035 §5.1: \. \DDD) into wire form; a missing final dot is
 * accepted. Returns the length, 0 on a fault. */
size_t hf_name_from_text(const char *text, uint8_t out[HF_NAME_MAX]);

/* Presentation form with final dot, NUL-terminated; returns out. Octets outside
 * printable ASCII, and . " ( ) ; @ $ \ , are escaped: safe for logs. */
const char *hf_name_to_text(const uint8_t *name, char out[HF_NAME_TEXT_MAX]);

/* Shortens such a text to at most `length` octets, not within an escape: a backslash at the end would take the quote behind it
 * in a log line. Returns `text`. */
const char *hf_name_cut_text(char *text, size_t length);
#define HF_NAME_NOTICE_MAX 255 /* `length` for what an operator is told in a line */

size_t hf_name_length(const uint8_t *name);		/* octets, root label included */
unsigned hf_name_label_count(const uint8_t *name);	/* labels, root not counted (RFC 4034 §3.1.3) */
bool hf_name_equal(const uint8_t *a, const uint8_t *b);
bool hf_name_is_below_or_equal(const uint8_t *name, const uint8_t *ancestor);
const uint8_t *hf_name_parent(const uint8_t *name); /* points into `name`; the root's parent is NULL */
const uint8_t *hf_name_strip(const uint8_t *name, unsigned labels); /* drops leftmost labels */
int hf_name_compare(const uint8_t *a, const uint8_t *b); /* canonical order, RFC 4034 §6.1 */

/* Copies; `out` may be `name`. Both return the length. */
size_t hf_name_copy(const uint8_t *name, uint8_t out[HF_NAME_MAX]);
size_t hf_name_lower(const uint8_t *name, uint8_t out[HF_NAME_MAX]);

/* "*" below the ancestor of `name` that has `labels` labels (≤ its own); 0 when over 255 octets. Whether a name is of that form. */
size_t hf_name_wildcard(const uint8_t *name, unsigned labels, uint8_t out[HF_NAME_MAX]);
static inline bool hf_name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}
/* Labels of the longest name that both are at or below. */
unsigned hf_name_common_labels(const uint8_t *a, const uint8_t *b);

/* prefix (its root label dropped) + suffix; 0 when over 255 octets (DNAME: RFC 6672 §2.2 → YXDOMAIN). */
size_t hf_name_join(const uint8_t *prefix, size_t prefix_length_without_root, const uint8_t *suffix,
		    uint8_t out[HF_NAME_MAX]);
