/** Tests of what a web server serves. */
package dev.pumasi.web;
