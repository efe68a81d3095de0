/*
 * conf_file_fuzz.c - a configuration file's text: comments become blanks and nothing else
 * changes, or there is one message that names a line of the file.
 *
 * The message goes to a conf_error of this file's own.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/conf.h"
#include "common/base/conf_file.h"
#include "common/wire/fuzz.h"

static struct {
	unsigned n;
	int line;
} said;

int
conf_error(const struct conf_where *where, const char *key, const char *fmt, ...)
{
	must(!key && fmt);
	said.n++;
	said.line = where->line;
	return -EINVAL;
}

static int
count_lines(const uint8_t *p, size_t n)
{
	int lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* As conf_file_read does it, with the octets in a file that is only in memory. */
static int
read_octets(const void *p, size_t n, char **ret_text)
{
	char path[64];
	int fd = memfd_create("conf", MFD_CLOEXEC), r;

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	said.n = 0;
	r = conf_file_read(path, ret_text);
	close(fd);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL, *again = NULL;
	int r = read_octets(data, size, &text);

	if (r < 0) {
		must(r == -EFBIG || (r == -EINVAL && said.n == 1));
		must(r == -EFBIG || (said.line >= 1 && said.line <= count_lines(data, size)));
		return 0;
	}
	must(said.n == 0 && strlen(text) == size);
	for (size_t i = 0; i < size; i++)
		must((uint8_t)text[i] == data[i] || (text[i] == ' ' && data[i] != '\n'));
	must(read_octets(text, size, &again) == 0 && strcmp(text, again) == 0);
	free(again);
	free(text);
	return 0;
}
