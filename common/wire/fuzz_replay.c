/*
 * fuzz_replay.c - run a fuzz target over its corpus, without libFuzzer.
 *
 * Takes directories as arguments, or CORPUS. An empty corpus is an error: it
 * would be a check of nothing.
 */
#include "common/wire/fuzz.h"

#include <dirent.h>

enum { INPUT_MAX = 1 << 16 };

/* The input gets a block of its own size, so that a sanitizer sees an octet too many. */
static void
run_file(const char *path)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (!f) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	exact = malloc(n + 1);
	if (!exact)
		abort();
	memcpy(exact + 1, buf, n);
	LLVMFuzzerTestOneInput(exact + 1, n);
	free(exact);
}

static unsigned
run_directory(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	char file[4096];
	unsigned n = 0;

	if (!d) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		run_file(file);
		n++;
	}
	closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	unsigned n = 0;

	for (int i = 1; i < argc; i++)
		n += run_directory(argv[i]);
	if (argc < 2)
		n = run_directory(CORPUS);
	printf("%u inputs\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
