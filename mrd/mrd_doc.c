/*
 * mrd_doc.c - print the table of keys for mrd.conf(5), from the rows that mrd itself
 * reads. Built and run while building; not installed. Layer: shell.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mrd/mr_conf.h"

int
main(void)
{
	return mr_conf_print_doc(stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
