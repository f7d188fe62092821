// SPDX-License-Identifier: BSD-3-Clause
/* What a fuzz target is: one function over octets, the same for libFuzzer and for run_corpus.c. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fact that must hold for any input. */
#define FUZZ_CHECK(fact) \
	do { \
		if (!(fact)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #fact); \
			abort(); \
		} \
	} while (0)
