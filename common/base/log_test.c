/*
 * log_test.c - lines, the debug filter and the limit. The clock is the test's: the
 * program is linked with --wrap=clock_gettime.
 */
#include "common/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static struct {
	long now_ms;
	int saved; /* the real stderr */
	char file[32];
	char said[8192];
} g;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	*ts = (struct timespec){ g.now_ms / 1000, g.now_ms % 1000 * 1000000 };
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(g.file, "/tmp/log_test.XXXXXX");
	close(mkstemp(g.file));
	g.saved = dup(STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	g.now_ms = 5000;
	log_open("mrd");
	return freopen(g.file, "w+", stderr) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	fflush(stderr);
	dup2(g.saved, STDERR_FILENO);
	close(g.saved);
	return unlink(g.file);
}

static const char *
said(void)
{
	FILE *f = fopen(g.file, "r");
	size_t n;

	fflush(stderr);
	n = fread(g.said, 1, sizeof(g.said) - 1, f);
	g.said[n] = '\0';
	fclose(f);
	return g.said;
}

static int
lines(void)
{
	int n = 0;

	for (const char *p = said(); *p; p++)
		n += *p == '\n';
	return n;
}

static void
a_line_is_program_module_text_and_values(void **state)
{
	(void)state;
	log_info("reg", "binding accepted", "hoa=%s seq=%d", "2001:db8::1", 17);
	log_err("kern", "no memory", NULL);
	assert_string_equal(
	    said(), "mrd: reg: binding accepted hoa=2001:db8::1 seq=17\nmrd: kern: no memory\n");
}

static void
a_value_cannot_begin_a_new_line_and_is_cut(void **state)
{
	char much[3000];

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	log_info("ctl", "said", "text=%s", "a\nmrd: b\x1b[1m");
	log_info("ctl", "said", "text=%s", much);
	assert_int_equal(lines(), 2);
	assert_int_equal(strncmp(g.said, "mrd: ctl: said text=a?mrd: b?[1m\n", 33), 0);
	assert_true(strlen(g.said) < 33 + 1025);
}

static void
debug_is_shown_for_the_modules_asked_for(void **state)
{
	(void)state;
	log_debug("reg", "one", NULL);
	assert_int_equal(log_debug_on("reg,kern"), 0);
	log_debug("reg", "two", NULL);
	log_debug("ctl", "three", NULL);
	assert_int_equal(log_debug_off("reg"), 0);
	log_debug("reg", "four", NULL);
	assert_int_equal(log_debug_on("all"), 0);
	log_debug("ctl", "five", NULL);
	assert_int_equal(log_debug_off("all"), 0);
	log_debug("kern", "six", NULL);
	assert_string_equal(said(), "mrd: reg: two\nmrd: ctl: five\n");
}

static void
a_list_that_is_none_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(log_debug_on(""), -EINVAL);
	assert_int_equal(log_debug_on("reg,,kern"), -EINVAL);
	assert_int_equal(log_debug_on("reg,"), -EINVAL);
	assert_int_equal(log_debug_on("reg,a-name-that-is-too-long"), -EINVAL);
	assert_false(log_debug_is_on("reg"));
}

static void
a_stranger_gets_ten_lines_a_second_and_the_rest_is_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 25; i++)
		log_limited(LOG_LEVEL_INFO, "bind", "refused", "n=%d", i);
	assert_int_equal(lines(), 10);
	log_limited(LOG_LEVEL_INFO, "reg", "another module has its own", NULL);
	assert_int_equal(lines(), 11);
	g.now_ms += 999;
	log_limited(LOG_LEVEL_INFO, "bind", "refused", NULL);
	assert_int_equal(lines(), 11);
	g.now_ms += 1;
	log_info("reg", "any line will do", NULL);
	assert_int_equal(lines(), 13);
	assert_non_null(strstr(g.said, "mrd: bind: lines suppressed count=16\nmrd: reg: any line"));
	log_limited(LOG_LEVEL_INFO, "bind", "refused", NULL);
	assert_int_equal(lines(), 14);
}

static void
the_journal_gets_priorities(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fileno(stderr), &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("had");
	log_err("kern", "broken", NULL);
	log_info("kern", "mended", NULL);
	setenv("JOURNAL_STREAM", "1:1", 1); /* somebody else's */
	log_open("had");
	log_info("kern", "plain", NULL);
	assert_string_equal(
	    said(), "<3>had: kern: broken\n<6>had: kern: mended\nhad: kern: plain\n");
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_line_is_program_module_text_and_values),
		test(a_value_cannot_begin_a_new_line_and_is_cut),
		test(debug_is_shown_for_the_modules_asked_for),
		test(a_list_that_is_none_is_refused_and_changes_nothing),
		test(a_stranger_gets_ten_lines_a_second_and_the_rest_is_counted),
		test(the_journal_gets_priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
