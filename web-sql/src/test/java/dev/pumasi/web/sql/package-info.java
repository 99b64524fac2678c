/** Tests of what a web server keeps in a database. */
package dev.pumasi.web.sql;
