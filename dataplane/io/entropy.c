// SPDX-License-Identifier: BSD-3-Clause
/* The kernel's CSPRNG, a block at a time: ports, IDs and 0x20 bits are drawn from it for every upstream query, and a
 * system call for each draw would cost as much as the query. Octets are wiped as they are handed out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "io/io.h"

struct hf_entropy {
	size_t left; /* unused octets at the end of `block` */
	uint8_t block[4096];
};

struct hf_entropy *hf_entropy_new(void)
{
	return calloc(1, sizeof(struct hf_entropy));
}

void hf_entropy_free(struct hf_entropy *entropy)
{
	if (!entropy)
		return;
	explicit_bzero(entropy, sizeof(*entropy));
	free(entropy);
}

static void refill(struct hf_entropy *entropy)
{
	size_t filled = 0;

	while (filled < sizeof(entropy->block)) {
		ssize_t got = getrandom(entropy->block + filled, sizeof(entropy->block) - filled, 0);

		if (got > 0)
			filled += (size_t)got;
		else if (errno != EINTR)
			abort(); /* a resolver with guessable IDs must not run */
	}
	entropy->left = sizeof(entropy->block);
}

static void fill(void *state, void *out, size_t length)
{
	struct hf_entropy *entropy = state;
	uint8_t *to = out;

	while (length > 0) {
		size_t piece;

		if (entropy->left == 0)
			refill(entropy);
		piece = length < entropy->left ? length : entropy->left;
		memcpy(to, entropy->block + sizeof(entropy->block) - entropy->left, piece);
		explicit_bzero(entropy->block + sizeof(entropy->block) - entropy->left, piece);
		entropy->left -= piece;
		to += piece;
		length -= piece;
	}
}

struct hf_random hf_entropy_random(struct hf_entropy *entropy)
{
	return (struct hf_random){.fill = fill, .state = entropy};
}
