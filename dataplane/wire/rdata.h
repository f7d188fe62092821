// SPDX-License-Identifier: BSD-3-Clause
/* RDATA as fields: checked, and its names freed from compression. Used by the message parser and the writer.
 * Pure functions; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fields of (type, class). The address types are only laid out so in class IN (RFC 1035 §3.4); elsewhere they are one
 * HF_FIELD_REST. */
const uint8_t *hf_rdata_fields(uint16_t type, uint16_t class);
bool hf_rdata_has_names(const uint8_t *fields);

#define HF_RDATA_FAULT SIZE_MAX

/* Octets of one field at `bytes`, where names are uncompressed; HF_RDATA_FAULT when it does not end within `left`. */
size_t hf_rdata_field_length(uint8_t field, const uint8_t *bytes, size_t left);

/* Checks RDATA at message[offset, offset + length) field by field, to its last octet. The message need only be readable
 * up to there. With `out`, writes it with names uncompressed; `out` has room for length + HF_RDATA_GROWTH_MAX octets.
 * Returns its length, HF_RDATA_FAULT when it is malformed or would be over 65535 octets. */
#define HF_RDATA_GROWTH_MAX (2 * 255u) /* no type has more than two names */
size_t hf_rdata_expand(const uint8_t *message, size_t offset, size_t length, const uint8_t *fields, uint8_t *out);

/* Whether two pieces of valid RDATA of `length` octets mean the same: names in any case, all else octet by octet. */
bool hf_rdata_equal(const uint8_t *a, const uint8_t *b, size_t length, const uint8_t *fields);
