// SPDX-License-Identifier: BSD-3-Clause
/* Runs a fuzz target without libFuzzer: every file of the corpus, then seeded mutations of them, in bounded time.
 *
 *   fuzz_NAME [-n MUTATIONS] [-s SEED] FILE-OR-DIRECTORY …
 *
 * The input that ends the process badly is left in the file crash-input, to be run again by itself. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

enum { INPUT_MAX = 65535 + 8, SECONDS_PER_INPUT = 20 };

struct input {
	uint8_t *bytes;
	size_t size;
};

static struct input *corpus;
static size_t corpus_size;
static struct input current; /* for the crash handler */

static void save_current(void)
{
	int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	static const char text[] = "the input is in the file crash-input\n";

	if (fd < 0 || write(fd, current.bytes, current.size) < 0 || write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return;
	close(fd);
}

static void on_signal(int number)
{
	signal(number, SIG_DFL);
	save_current();
	raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void catch_crashes(void)
{
	static const int signals[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGSEGV};

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_current);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
}

static void run_one(const uint8_t *bytes, size_t size)
{
	/* A block of just that size, so that the sanitizers see every read behind it. */
	current.bytes = malloc(size > 0 ? size : 1);
	current.size = size;
	if (!current.bytes)
		exit(2);
	if (size > 0)
		memcpy(current.bytes, bytes, size);
	alarm(SECONDS_PER_INPUT);
	LLVMFuzzerTestOneInput(current.bytes, size);
	alarm(0);
	free(current.bytes);
}

static void add_file(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	struct input *grown;
	size_t size;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	grown = realloc(corpus, (corpus_size + 1) * sizeof(*corpus));
	if (!grown)
		exit(2);
	corpus = grown;
	corpus[corpus_size].bytes = malloc(size > 0 ? size : 1);
	corpus[corpus_size].size = size;
	if (!corpus[corpus_size].bytes)
		exit(2);
	memcpy(corpus[corpus_size++].bytes, bytes, size);
}

static void add_path(const char *path)
{
	struct dirent **entries;
	struct stat status;
	int count;

	if (stat(path, &status) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	if (!S_ISDIR(status.st_mode)) {
		add_file(path);
		return;
	}
	count = scandir(path, &entries, NULL, alphasort); /* sorted: the seed decides alone */
	for (int i = 0; i < count; i++) {
		char name[PATH_MAX];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			add_path(name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static uint64_t chance_state;

/* splitmix64: seeded, so that a failure comes again. */
static uint32_t below(uint32_t bound)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return bound ? (uint32_t)((z ^ z >> 31) >> 32) % bound : 0;
}

/* Octets that mean something in messages: lengths, pointers, types, edges. */
static const uint8_t telling[] = {0, 1, 2, 5, 6, 12, 28, 41, 46, 47, 63, 64, 65, 127, 128, 191, 192, 250, 255};

static size_t mutate_once(uint8_t *bytes, size_t size)
{
	size_t at = below((uint32_t)size), length = 1 + below(8), from;
	const struct input *other;

	switch (below(8)) {
	case 0: /* a bit */
		if (size > 0)
			bytes[at] ^= (uint8_t)(1 << below(8));
		break;
	case 1: /* any octet */
		if (size > 0)
			bytes[at] = (uint8_t)below(256);
		break;
	case 2: /* a telling octet */
		if (size > 0)
			bytes[at] = telling[below(sizeof(telling))];
		break;
	case 3: /* cut the end */
		size = at;
		break;
	case 4: /* take octets out */
		if (at + length < size) {
			memmove(bytes + at, bytes + at + length, size - at - length);
			size -= length;
		}
		break;
	case 5: /* put octets in */
		if (size + length < INPUT_MAX) {
			memmove(bytes + at + length, bytes + at, size - at);
			for (size_t i = 0; i < length; i++)
				bytes[at + i] = below(2) ? telling[below(sizeof(telling))] : (uint8_t)below(256);
			size += length;
		}
		break;
	case 6: /* repeat a piece */
		length = 1 + below(64);
		from = below((uint32_t)size);
		if (from + length <= size && size + length < INPUT_MAX) {
			uint8_t piece[64];

			memcpy(piece, bytes + from, length);
			memmove(bytes + at + length, bytes + at, size - at);
			memcpy(bytes + at, piece, length);
			size += length;
		}
		break;
	case 7: /* another input's end */
		other = &corpus[below((uint32_t)corpus_size)];
		from = below((uint32_t)other->size);
		if (at + (other->size - from) < INPUT_MAX) {
			memcpy(bytes + at, other->bytes + from, other->size - from);
			size = at + (other->size - from);
		}
		break;
	}
	return size;
}

int main(int argc, char **argv)
{
	unsigned long mutations = 20000, seed = 1;
	static uint8_t bytes[INPUT_MAX];
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			mutations = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	for (int i = optind; i < argc; i++)
		add_path(argv[i]);
	if (corpus_size == 0) {
		fprintf(stderr, "no corpus given\n");
		return 2;
	}
	catch_crashes();
	chance_state = seed;
	for (size_t i = 0; i < corpus_size; i++)
		run_one(corpus[i].bytes, corpus[i].size);
	for (unsigned long i = 0; i < mutations; i++) {
		const struct input *from = &corpus[below((uint32_t)corpus_size)];
		size_t size = from->size;

		memcpy(bytes, from->bytes, size);
		for (unsigned changes = 1 + below(4); changes > 0; changes--)
			size = mutate_once(bytes, size);
		run_one(bytes, size);
	}
	printf("%zu inputs of the corpus and %lu mutations (seed %lu)\n", corpus_size, mutations, seed);
	printf("%lu passed, 0 failed\n", (unsigned long)corpus_size + mutations);
	for (size_t i = 0; i < corpus_size; i++)
		free(corpus[i].bytes);
	free(corpus);
	return 0;
}
