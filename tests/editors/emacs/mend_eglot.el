;;; mend_eglot.el --- A broken spec is mended through eglot  -*- lexical-binding: t; -*-

(load (expand-file-name "common.el" (file-name-directory load-file-name)))
(setq debian-eglot t)
(require 'eglot)
(require 'flymake)
(require 'markdown-mode)
(require 'spec-ls)
(setq eglot-sync-connect 20 eglot-confirm-server-initiated-edits nil flymake-no-changes-timeout 0.05)

(defun findings ()
  (flymake-start)
  (sort (mapcar (lambda (one) (list (line-number-at-pos (flymake-diagnostic-beg one))
                                    (buffer-substring (flymake-diagnostic-beg one) (flymake-diagnostic-end one))))
                (flymake-diagnostics))
        (lambda (a b) (< (car a) (car b)))))

(defun complete ()
  ;; No idle timer runs in batch: what was typed is told now.
  (eglot--signal-textDocument/didChange)
  (completion-at-point))

(defun begin ()
  (find-file (getenv "SPEC"))
  (eglot-ensure)
  (run-hooks 'post-command-hook)
  (until "a server" #'eglot-current-server)
  (until "eglot" (lambda () eglot--managed-mode)))

(defun told () (eglot--signal-textDocument/didChange))

(run-steps
 (lambda ()
   (begin)
   (until "two findings" (lambda () (equal (mapcar #'cadr (findings)) '("Dra" "Goals"))))

   (go-behind "| Dra")
   (complete)
   (cl-assert (looking-back "| Draft" (line-beginning-position)) t "the status: %s" (thing-at-point 'line))
   (told)
   (until "one finding" (lambda () (equal (mapcar #'cadr (findings)) '("Goals"))))

   (go-behind (given 'asked))
   (insert (given 'typed))
   (complete)
   (cl-assert (looking-back (regexp-quote (given 'handle)) (line-beginning-position)) t)
   (told)

   (go-behind "### Goals")
   (let* ((found (append (eglot-code-actions (1- (point)) (1- (point)) "quickfix") nil))
          (fix (cl-find-if (lambda (one) (string-match-p "Non-Goals" (plist-get one :title))) found)))
     (cl-assert fix t)
     (unless (plist-get fix :edit)
       (setq fix (jsonrpc-request (eglot-current-server) :codeAction/resolve fix)))
     (eglot--apply-workspace-edit (plist-get fix :edit)))
   (told)
   (until "no finding of a section" (lambda () (not (member "Goals" (mapcar #'cadr (findings))))))
   (let ((text (read-back)))
     (cl-assert (equal text (given 'mended)) t text))

   ;; the command of our own inserts it, too
   (go-behind "### Non-Goals")
   (let ((start (line-beginning-position)))
     (search-forward "## 3.")
     (delete-region start (line-beginning-position)))
   (told)
   (until "the finding again" (lambda () (member "Goals" (mapcar #'cadr (findings)))))
   (spec-ls-insert-missing-sections)
   (until "the section" (lambda () (string-match-p "### Non-Goals" (buffer-string))))))
