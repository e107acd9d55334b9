// Before anything is drawn: the theme that was chosen here before. A classic script in
// the head, since a module would come after the first picture.
{
  const wanted = localStorage.getItem("theme");
  if (wanted === "light" || wanted === "dark") document.documentElement.dataset.theme = wanted;
}
