/*
 * ctl_words_fuzz.c - a line of the control protocol: split, join, split is the identity.
 *
 * The tokenizer is all of the control protocol that a client's octets reach.
 */
#include <errno.h>
#include <stdbool.h>

#include "common/sys/ctl_words.h"
#include "common/wire/fuzz.h"

enum { LINE_OCTETS = 4096, WORDS = 64 };

/* The words lie within the line, one behind the other, each with its NUL. */
static void
look_at_words(const char *line, size_t len, int n, const char *const *words)
{
	const char *behind = line;

	for (int i = 0; i < n; i++) {
		must(words[i] >= behind && words[i] <= line + len);
		behind = words[i] + strlen(words[i]) + 1;
		must(behind <= line + len + 1);
	}
}

static void
join_and_split(int n, const char *const *words)
{
	static char again[2 * LINE_OCTETS + 3 * WORDS];
	const char *second[WORDS];
	int len = ctl_words_join(n, words, again, sizeof(again));

	if (len == -EINVAL) {
		bool newline = false;

		for (int i = 0; i < n; i++)
			newline = newline || strchr(words[i], '\n');
		must(newline);
		return;
	}
	must(len >= 0 && (size_t)len == strlen(again));
	must(!strchr(again, '\n'));
	must(ctl_words_split(again, second, WORDS) == n);
	for (int i = 0; i < n; i++)
		must(strcmp(words[i], second[i]) == 0);
}

/* What fits exactly is written; with one octet less it is refused and nothing is overrun. */
static void
join_into_too_little(int n, const char *const *words)
{
	char line[LINE_OCTETS];
	int len = ctl_words_join(n, words, line, sizeof(line));
	char *exact;

	if (len < 0)
		return;
	exact = malloc((size_t)len + 1);
	must(exact);
	must(ctl_words_join(n, words, exact, (size_t)len + 1) == len);
	must(ctl_words_join(n, words, exact, (size_t)len) == -EMSGSIZE);
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line;
	const char *words[WORDS];
	size_t len;
	int n;

	if (size > LINE_OCTETS)
		return 0;
	line = malloc(size + 1);
	must(line);
	memcpy(line, data, size);
	line[size] = '\0';
	len = strlen(line);
	n = ctl_words_split(line, words, WORDS);
	must(n == -E2BIG || n == -EINVAL || (n >= 0 && n <= WORDS));
	if (n >= 0) {
		look_at_words(line, len, n, words);
		join_and_split(n, words);
		join_into_too_little(n, words);
	}
	free(line);
	return 0;
}
