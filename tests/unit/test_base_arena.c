// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/base/arena.c. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct hf_arena *arena = hf_arena_new(1 << 20);
	unsigned char *pieces[300];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		pieces[i] = hf_arena_take(arena, i + 1);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (unsigned k = 0; k <= i; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)(i & 0xff), i + 1);
	}
	for (unsigned i = 0; i < 300; i++)
		for (unsigned k = 0; k <= i; k++)
			assert_int_equal(pieces[i][k], i & 0xff);
	hf_arena_free(arena);
}

static void the_limit_holds_and_a_refusal_changes_nothing(void **state)
{
	struct hf_arena *arena = hf_arena_new(1024);
	size_t taken = 0;

	(void)state;
	assert_null(hf_arena_take(arena, 1025));
	assert_null(hf_arena_take(arena, SIZE_MAX));
	while (hf_arena_take(arena, 100))
		taken += 100;
	assert_in_range(taken, 900, 1024);
	assert_null(hf_arena_take(arena, 200));
	hf_arena_free(arena);
}

static void reset_gives_the_whole_limit_back_and_pieces_are_zeroed_again(void **state)
{
	struct hf_arena *arena = hf_arena_new(100000);

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		unsigned char *piece = hf_arena_take(arena, 90000);

		assert_non_null(piece);
		for (unsigned i = 0; i < 90000; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xff, 90000);
		assert_null(hf_arena_take(arena, 20000));
		hf_arena_reset(arena);
		piece = hf_arena_take(arena, 64);
		assert_int_equal(piece[63], 0);
		memset(piece, 0xff, 64);
		hf_arena_reset(arena);
	}
	hf_arena_free(arena);
}

static void what_arenas_share_bounds_them_together(void **state)
{
	size_t left = 20000;
	struct hf_arena *a = hf_arena_new_sharing(1 << 20, &left), *b = hf_arena_new_sharing(1 << 20, &left);

	(void)state;
	assert_non_null(hf_arena_take(a, 12000));
	assert_null(hf_arena_take(b, 12000));
	assert_non_null(hf_arena_take(b, 1000));
	hf_arena_free(a);
	assert_non_null(hf_arena_take(b, 12000));
	hf_arena_free(b);
	assert_int_equal(left, 20000);
}

static void a_copy_is_equal_and_independent(void **state)
{
	struct hf_arena *arena = hf_arena_new(4096);
	char text[] = "answer";
	char *copy = hf_arena_copy(arena, text, sizeof(text));

	(void)state;
	text[0] = 'X';
	assert_string_equal(copy, "answer");
	assert_non_null(hf_arena_copy(arena, NULL, 0));
	hf_arena_free(arena);
	hf_arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(the_limit_holds_and_a_refusal_changes_nothing),
		cmocka_unit_test(reset_gives_the_whole_limit_back_and_pieces_are_zeroed_again),
		cmocka_unit_test(what_arenas_share_bounds_them_together),
		cmocka_unit_test(a_copy_is_equal_and_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
