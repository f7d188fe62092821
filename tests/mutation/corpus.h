// SPDX-License-Identifier: BSD-3-Clause
/* What the servers said (made by sign.py), and cases: questions with the replies that are changed for them (made by cases.py).
 *
 * All integers little-endian, names in wire format, lower-cased:
 *   corpus: "HFMC", i64 time of the recording, u16 length and RDATA of the root's DS, u32 number of replies, replies
 *   reply:  u8 level (which server), u8 length of name, name, u16 type, u16 length of message, message
 *   cases:  until the end: u32 number, u8 length of name, name, u16 type, u16 number of replies, replies
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CORPUS_LEVELS = 4, CORPUS_KEY_MAX = 1 + 255 + 2 };
/* 198.51.100.1 and on, by level. */
#define CORPUS_ADDRESS(level) (0xc6336401u + (level))

struct corpus_reply {
	uint8_t key[CORPUS_KEY_MAX]; /* level, name, type */
	uint16_t key_length, length;
	const uint8_t *message;
};

struct corpus_case {
	uint32_t number;
	const uint8_t *name;
	uint8_t name_length;
	uint16_t type, count;
	struct corpus_reply *replies;
	unsigned delivered; /* how often one of them was given */
};

struct corpus {
	int64_t now_s;
	const uint8_t *ds;
	uint16_t ds_length;
	struct corpus_reply *replies; /* sorted by key */
	uint32_t count;
	struct corpus_case *cases;
	uint32_t case_count;
};

/* Both end the process with a message when a file is not as it should be. */
void corpus_load(struct corpus *corpus, const char *path);
void corpus_load_cases(struct corpus *corpus, const char *path);

/* The reply to a query (a message) sent to a server, that of the case first; NULL when none was recorded. */
const struct corpus_reply *corpus_find(const struct corpus *corpus, struct corpus_case *asked, unsigned level, const uint8_t *query,
				       size_t length);

/* One line of output: number, verdict, whether a changed reply was delivered, what nobody could answer or "-", EDE or why or "-",
 * reply in hex. */
void corpus_tell(const struct corpus_case *asked, const char *verdict, const char *unanswered, const char *why, const uint8_t *reply,
		 size_t length);
/* "level:name/type" of a query into `out`, behind what is there. */
void corpus_note(char *out, size_t capacity, unsigned level, const uint8_t *query, size_t length);
